#include "CDemoText.h"

// The lessons that ship with the program, one behind the other, each ended by a zero. Their names stand in ShippedLessons.swift, in
// the same order; a test holds both against the folder.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char lessons[] = {
#embed "../../Demos/lessons/unrolling.yaml"
  , 0,
#embed "../../Demos/lessons/by-hand.yaml"
  , 0,
#embed "../../Demos/lessons/weights-by-hand.yaml"
  , 0,
#embed "../../Demos/lessons/summands.yaml"
  , 0,
#embed "../../Demos/lessons/vanishing.yaml"
  , 0,
#embed "../../Demos/lessons/exploding.yaml"
  , 0,
#embed "../../Demos/lessons/clipping.yaml"
  , 0,
#embed "../../Demos/lessons/truncation.yaml"
  , 0,
#embed "../../Demos/lessons/schedules.yaml"
  , 0,
#embed "../../Demos/lessons/credit.yaml"
  , 0,
#embed "../../Demos/lessons/bias.yaml"
  , 0,
#embed "../../Demos/lessons/gates.yaml"
  , 0,
#embed "../../Demos/lessons/starts.yaml"
  , 0,
#embed "../../Demos/lessons/williams-zipser.yaml"
  , 0,
#embed "../../Demos/lessons/forward.yaml"
  , 0,
#embed "../../Demos/lessons/diagonal.yaml"
  , 0,
#embed "../../Demos/lessons/settling.yaml"
  , 0,
#embed "../../Demos/lessons/chaos.yaml"
  , 0,
#embed "../../Demos/lessons/attention.yaml"
  , 0,
#embed "../../Demos/lessons/trees.yaml"
  , 0,
#embed "../../Demos/lessons/residual-depth.yaml"
  , 0,
#embed "../../Demos/lessons/bugs.yaml"
  , 0,
};
#pragma clang diagnostic pop

const unsigned char *clessons_bytes(void) { return lessons; }

size_t clessons_count(void) { return sizeof lessons; }
