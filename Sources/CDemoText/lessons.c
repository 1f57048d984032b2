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
#embed "../../Demos/lessons/summands.yaml"
  , 0,
};
#pragma clang diagnostic pop

const unsigned char *clessons_bytes(void) { return lessons; }

size_t clessons_count(void) { return sizeof lessons; }
