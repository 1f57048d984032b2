#ifndef CDEMOTEXT_H
#define CDEMOTEXT_H

#include <stddef.h>

/// The text that ships with the program, Demos/data/alice.txt: UTF-8, without a terminating zero.
const unsigned char *cdemotext_bytes(void);
/// Its length in bytes.
size_t cdemotext_count(void);

#endif
