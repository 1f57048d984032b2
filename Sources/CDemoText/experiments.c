#include "CDemoText.h"

// The experiments that ship with the program, one behind the other, each ended by a zero. Their names stand in Demo.swift, in
// the same order; a test holds both against the folder.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char experiments[] = {
#embed "../../Demos/experiments/adaptive.yaml"
  , 0,
#embed "../../Demos/experiments/adding.yaml"
  , 0,
#embed "../../Demos/experiments/adding-gru.yaml"
  , 0,
#embed "../../Demos/experiments/antisymmetric.yaml"
  , 0,
#embed "../../Demos/experiments/artbp.yaml"
  , 0,
#embed "../../Demos/experiments/attention.yaml"
  , 0,
#embed "../../Demos/experiments/bidirectional.yaml"
  , 0,
#embed "../../Demos/experiments/checkpoints.yaml"
  , 0,
#embed "../../Demos/experiments/clipping.yaml"
  , 0,
#embed "../../Demos/experiments/clockwork.yaml"
  , 0,
#embed "../../Demos/experiments/coin.yaml"
  , 0,
#embed "../../Demos/experiments/copy.yaml"
  , 0,
#embed "../../Demos/experiments/copy-forgotten.yaml"
  , 0,
#embed "../../Demos/experiments/crossing-bars.yaml"
  , 0,
#embed "../../Demos/experiments/epochwise.yaml"
  , 0,
#embed "../../Demos/experiments/exploding.yaml"
  , 0,
#embed "../../Demos/experiments/federated.yaml"
  , 0,
#embed "../../Demos/experiments/fixed-point.yaml"
  , 0,
#embed "../../Demos/experiments/flossing.yaml"
  , 0,
#embed "../../Demos/experiments/forecast.yaml"
  , 0,
#embed "../../Demos/experiments/identity-relu.yaml"
  , 0,
#embed "../../Demos/experiments/latch.yaml"
  , 0,
#embed "../../Demos/experiments/leaky.yaml"
  , 0,
#embed "../../Demos/experiments/lru.yaml"
  , 0,
#embed "../../Demos/experiments/lru-online.yaml"
  , 0,
#embed "../../Demos/experiments/min-gru.yaml"
  , 0,
#embed "../../Demos/experiments/narx.yaml"
  , 0,
#embed "../../Demos/experiments/orthogonal.yaml"
  , 0,
#embed "../../Demos/experiments/parity.yaml"
  , 0,
#embed "../../Demos/experiments/projected-lstm.yaml"
  , 0,
#embed "../../Demos/experiments/real-time.yaml"
  , 0,
#embed "../../Demos/experiments/reber.yaml"
  , 0,
#embed "../../Demos/experiments/recall.yaml"
  , 0,
#embed "../../Demos/experiments/residual-depth.yaml"
  , 0,
#embed "../../Demos/experiments/rflo.yaml"
  , 0,
#embed "../../Demos/experiments/rtrl.yaml"
  , 0,
#embed "../../Demos/experiments/saturation.yaml"
  , 0,
#embed "../../Demos/experiments/sigmoid.yaml"
  , 0,
#embed "../../Demos/experiments/sine.yaml"
  , 0,
#embed "../../Demos/experiments/snap1.yaml"
  , 0,
#embed "../../Demos/experiments/stale.yaml"
  , 0,
#embed "../../Demos/experiments/temporal-order.yaml"
  , 0,
#embed "../../Demos/experiments/text.yaml"
  , 0,
#embed "../../Demos/experiments/time-constants.yaml"
  , 0,
#embed "../../Demos/experiments/transformer.yaml"
  , 0,
#embed "../../Demos/experiments/tree.yaml"
  , 0,
#embed "../../Demos/experiments/truncation.yaml"
  , 0,
#embed "../../Demos/experiments/underflow.yaml"
  , 0,
#embed "../../Demos/experiments/untied.yaml"
  , 0,
#embed "../../Demos/experiments/uoro.yaml"
  , 0,
#embed "../../Demos/experiments/vanishing.yaml"
  , 0,
#embed "../../Demos/experiments/williams-zipser.yaml"
  , 0,
};
static const unsigned char table[] = {
#embed "../../Demos/data/predator_prey.csv"
};
#pragma clang diagnostic pop

const unsigned char *cdemoexperiments_bytes(void) { return experiments; }
size_t cdemoexperiments_count(void) { return sizeof experiments; }
const unsigned char *cdemotable_bytes(void) { return table; }
size_t cdemotable_count(void) { return sizeof table; }
