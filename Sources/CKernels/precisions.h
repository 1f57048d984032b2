// Includes the kernels in both precisions for the instruction set SET. Included once for each set.

#define PASTE4(a, b, c, d) a##_##b##_##c##d
#define PASTED(a, b, c, d) PASTE4(a, b, c, d)

#define DOUBLE_PRECISION 1
#define REAL double
#define INTEGER int64_t
#define NAME(f) PASTED(f, SET, f64, )
#define MATH(f) f
#include "precision.h"
#define ENTRY(type, name, parameters, arguments) NAME(name),
static const struct bpt_table_f64 NAME(table) = {BPT_KERNELS(double, ENTRY)};
#undef ENTRY
#undef DOUBLE_PRECISION
#undef REAL
#undef INTEGER
#undef NAME
#undef MATH

#define DOUBLE_PRECISION 0
#define REAL float
#define INTEGER int32_t
#define NAME(f) PASTED(f, SET, f32, )
#define MATH(g) g##f
#include "precision.h"
#define ENTRY(type, name, parameters, arguments) NAME(name),
static const struct bpt_table_f32 NAME(table) = {BPT_KERNELS(float, ENTRY)};
#undef ENTRY
#undef DOUBLE_PRECISION
#undef REAL
#undef INTEGER
#undef NAME
#undef MATH
#undef PASTE4
#undef PASTED
