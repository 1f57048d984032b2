#include "CKernels.h"

#include <math.h>

#define REAL double
#define NAME(f) bpt_##f##_f64
#define MATH(f) f
#include "plain.inc"
#undef REAL
#undef NAME
#undef MATH

#define REAL float
#define NAME(f) bpt_##f##_f32
#define MATH(g) g##f
#include "plain.inc"
