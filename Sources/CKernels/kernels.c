#include "CKernels.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The instruction sets' kernels: the same source, compiled anew for each in both precisions. Vectors are VECTOR_BYTES
// long, a matrix tile is TILE_ROWS rows high.

#define SET plain
#define VECTOR_BYTES 16
#define TILE_ROWS 4
#include "precisions.h"
#undef SET
#undef VECTOR_BYTES
#undef TILE_ROWS

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
#define SET avx2
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#include "precisions.h"
#undef SET
#undef VECTOR_BYTES
#undef TILE_ROWS
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"))),              \
                             apply_to = function)
#define SET avx512
#define VECTOR_BYTES 64
#define TILE_ROWS 8
#include "precisions.h"
#pragma clang attribute pop
#endif

// The choice. Both tables are replaced one after the other; whoever reads one in between gets kernels that are right.
static const struct bpt_table_f64 *_Atomic chosen_f64 = &table_plain_f64;
static const struct bpt_table_f32 *_Atomic chosen_f32 = &table_plain_f32;
static _Atomic int chosen = BPT_PLAIN;

bool bpt_supports(int instruction_set) {
#if defined(__x86_64__)
  switch (instruction_set) {
  case BPT_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  case BPT_AVX512:
    return bpt_supports(BPT_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
#endif
  return instruction_set == BPT_PLAIN;
}

int bpt_selected(void) { return atomic_load_explicit(&chosen, memory_order_relaxed); }

#if defined(__x86_64__)
#define BPT_TABLE_BEYOND_PLAIN(precision)                                                                              \
  if (instruction_set == BPT_AVX2) return &table_avx2_##precision;                                                     \
  if (instruction_set == BPT_AVX512) return &table_avx512_##precision;
#else
#define BPT_TABLE_BEYOND_PLAIN(precision)
#endif
#define BPT_KERNELS_OF(precision)                                                                                      \
  const struct bpt_table_##precision *bpt_kernels_##precision(int instruction_set) {                                   \
    if (!bpt_supports(instruction_set)) return NULL;                                                                   \
    BPT_TABLE_BEYOND_PLAIN(precision)                                                                                  \
    return &table_plain_##precision;                                                                                   \
  }
BPT_KERNELS_OF(f64)
BPT_KERNELS_OF(f32)

_Thread_local int64_t *bpt_work;

bool bpt_select(int instruction_set) {
  if (!bpt_supports(instruction_set)) return false;
  atomic_store_explicit(&chosen_f64, bpt_kernels_f64(instruction_set), memory_order_relaxed);
  atomic_store_explicit(&chosen_f32, bpt_kernels_f32(instruction_set), memory_order_relaxed);
  atomic_store_explicit(&chosen, instruction_set, memory_order_relaxed);
  return true;
}

__attribute__((constructor)) static void bpt_select_best(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  static const char *const names[BPT_INSTRUCTION_SETS] = {"plain", "avx2", "avx512"};
  const char *wanted = getenv("BPTTOP_INSTRUCTION_SET");
  for (int set = 0; wanted && set < BPT_INSTRUCTION_SETS; set++)
    if (strcmp(wanted, names[set]) == 0 && bpt_select(set)) return;
  for (int set = BPT_INSTRUCTION_SETS - 1; !bpt_select(set); set--) {
  }
}

#define BPT_DISPATCH_F64(type, name, parameters, arguments)                                                            \
  type bpt_##name##_f64 parameters { return atomic_load_explicit(&chosen_f64, memory_order_relaxed)->name arguments; }
#define BPT_DISPATCH_F32(type, name, parameters, arguments)                                                            \
  type bpt_##name##_f32 parameters { return atomic_load_explicit(&chosen_f32, memory_order_relaxed)->name arguments; }
BPT_KERNELS(double, BPT_DISPATCH_F64)
BPT_KERNELS(float, BPT_DISPATCH_F32)

size_t bpt_packed_count_f64(size_t k, size_t n) { return (n + 15) / 16 * 16 * k; }
size_t bpt_packed_count_f32(size_t k, size_t n) { return (n + 31) / 32 * 32 * k; }
