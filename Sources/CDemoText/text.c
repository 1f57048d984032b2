#include "CDemoText.h"

// The file itself, so that there is one copy of the text and the program needs no path to it. #embed is C23; clang
// takes it in earlier modes too, and says so.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char text[] = {
#embed "../../Demos/data/alice.txt"
};
#pragma clang diagnostic pop

const unsigned char *cdemotext_bytes(void) { return text; }

size_t cdemotext_count(void) { return sizeof text; }
