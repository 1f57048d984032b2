#ifndef CDEMOTEXT_H
#define CDEMOTEXT_H

#include <stddef.h>

/// The text that ships with the program, Demos/data/alice.txt: UTF-8, without a terminating zero.
const unsigned char *cdemotext_bytes(void);
/// Its length in bytes.
size_t cdemotext_count(void);

/// The experiments that ship with the program, Demos/experiments/*.yaml in the order of their names, each ended by a zero.
const unsigned char *cdemoexperiments_bytes(void);
/// Their length in bytes.
size_t cdemoexperiments_count(void);

/// The lessons that ship with the program, Demos/lessons/*.yaml in the order of teaching, each ended by a zero.
const unsigned char *clessons_bytes(void);
/// Their length in bytes.
size_t clessons_count(void);

/// The table that ships with the program, Demos/data/predator_prey.csv.
const unsigned char *cdemotable_bytes(void);
/// Its length in bytes.
size_t cdemotable_count(void);

#endif
