#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jacobi.h"
#include "moments.h"

// Matrix and element-wise kernels in two precisions, each built for several instruction sets.
//
// Matrices are row-major, strides are in elements. An element-wise kernel works on `rows` rows of `columns` elements with
// a row stride for each array; a stride of 0 broadcasts a row. Nothing outside the rows is read or written.

// The activations, in the order of LinearAlgebra's ElementwiseFunction.
enum { BPT_TANH, BPT_SIGMOID, BPT_RELU, BPT_LEAKY_RELU, BPT_IDENTITY, BPT_SOFTSIGN, BPT_HARD_TANH, BPT_SIN };

// The instruction sets, the plainest first.
enum { BPT_PLAIN, BPT_AVX2, BPT_AVX512, BPT_INSTRUCTION_SETS };

// Whether this processor has an instruction set; the one in use; and its choice, for the whole process, false where the
// processor lacks it. Packed matrices are laid out alike for all. The best is chosen when the program is loaded, or the
// one that the environment's BPTTOP_INSTRUCTION_SET names (plain, avx2, avx512): to measure and test on one machine what
// others run.
bool bpt_supports(int instruction_set);
int bpt_selected(void);
bool bpt_select(int instruction_set);

// Counts the multiply-adds of the kernels that the calling thread runs, where it is asked to: into *work, or nowhere.
extern _Thread_local int64_t *bpt_work;
static inline void bpt_count(int64_t multiply_adds) {
  if (__builtin_expect(bpt_work != 0, 0)) *bpt_work += multiply_adds;
}
static inline int64_t *bpt_count_into(int64_t *work) {
  int64_t *before = bpt_work;
  bpt_work = work;
  return before;
}

// Asks for memory that will soon be read to be brought near.
static inline void bpt_prefetch_to_read(const void *start, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)start + i, 0, 2);
}

// Every kernel, as LIST(REAL, F): F(return type, name, (parameters), (arguments)).
#define BPT_KERNELS(REAL, F)                                                                                           \
  F(void, pack, (size_t k, size_t n, const REAL *b, ptrdiff_t row_stride, ptrdiff_t column_stride, REAL *packed),      \
    (k, n, b, row_stride, column_stride, packed))                                                                      \
  F(void, transpose, (size_t rows, size_t columns, const REAL *x, ptrdiff_t x_stride, REAL *y, ptrdiff_t y_stride),    \
    (rows, columns, x, x_stride, y, y_stride))                                                                         \
  F(void, multiply_packed,                                                                                             \
    (size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,                   \
     const REAL *packed_b, REAL *c, ptrdiff_t c_row_stride, bool accumulate),                                          \
    (m, n, k, a, a_row_stride, a_column_stride, packed_b, c, c_row_stride, accumulate))                                \
  F(void, multiply_packed_from,                                                                                        \
    (size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,                   \
     const REAL *packed_b, const REAL *start, ptrdiff_t start_stride, REAL *c, ptrdiff_t c_row_stride),                \
    (m, n, k, a, a_row_stride, a_column_stride, packed_b, start, start_stride, c, c_row_stride))                       \
  F(void, multiply,                                                                                                    \
    (size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride, const REAL *b,    \
     ptrdiff_t b_row_stride, REAL *c, ptrdiff_t c_row_stride, bool accumulate),                                        \
    (m, n, k, a, a_row_stride, a_column_stride, b, b_row_stride, c, c_row_stride, accumulate))                         \
  F(bool, activate,                                                                                                    \
    (int function, size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, REAL *value,                        \
     ptrdiff_t value_stride, REAL *derivative, ptrdiff_t derivative_stride),                                           \
    (function, rows, columns, a, a_stride, value, value_stride, derivative, derivative_stride))                        \
  F(void, scale_add,                                                                                                   \
    (size_t rows, size_t columns, REAL alpha, const REAL *x, ptrdiff_t x_stride, REAL beta, REAL *y,                   \
     ptrdiff_t y_stride),                                                                                              \
    (rows, columns, alpha, x, x_stride, beta, y, y_stride))                                                            \
  F(REAL, multiply_elements,                                                                                           \
    (size_t rows, size_t columns, REAL scale, const REAL *x, ptrdiff_t x_stride, const REAL *y, ptrdiff_t y_stride,    \
     REAL *z, ptrdiff_t z_stride),                                                                                     \
    (rows, columns, scale, x, x_stride, y, y_stride, z, z_stride))                                                     \
  F(void, add_column_sums, (size_t rows, size_t columns, const REAL *x, ptrdiff_t x_stride, REAL *sums),               \
    (rows, columns, x, x_stride, sums))                                                                                \
  F(void, gather_rows,                                                                                                 \
    (size_t rows, size_t columns, const REAL *table, ptrdiff_t table_stride, const int32_t *index, REAL *y,            \
     ptrdiff_t y_stride),                                                                                              \
    (rows, columns, table, table_stride, index, y, y_stride))                                                          \
  F(void, scatter_add_rows,                                                                                            \
    (size_t rows, size_t columns, const REAL *x, ptrdiff_t x_stride, const int32_t *index, REAL *table,                \
     ptrdiff_t table_stride),                                                                                          \
    (rows, columns, x, x_stride, index, table, table_stride))                                                          \
  F(bool, lstm_forward,                                                                                                \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *c_before, REAL *c, REAL *h,           \
     ptrdiff_t state_stride),                                                                                          \
    (rows, columns, a, a_stride, c_before, c, h, state_stride))                                                        \
  F(REAL, lstm_backward,                                                                                               \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *c_before, const REAL *c,              \
     ptrdiff_t state_stride, const REAL *dh, const REAL *dc, ptrdiff_t gradient_stride, REAL *da,                      \
     ptrdiff_t da_stride, REAL *dc_before, bool accumulate),                                                           \
    (rows, columns, a, a_stride, c_before, c, state_stride, dh, dc, gradient_stride, da, da_stride, dc_before,         \
     accumulate))                                                                                                      \
  F(bool, gru_forward,                                                                                                 \
    (size_t rows, size_t columns, REAL *a, ptrdiff_t a_stride, const REAL *q, ptrdiff_t q_stride,                      \
     const REAL *h_before, REAL *h, ptrdiff_t state_stride),                                                           \
    (rows, columns, a, a_stride, q, q_stride, h_before, h, state_stride))                                              \
  F(REAL, gru_backward,                                                                                                \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *q, ptrdiff_t q_stride,                \
     const REAL *h_before, ptrdiff_t state_stride, const REAL *dh, ptrdiff_t gradient_stride, REAL *da, REAL *dq,      \
     ptrdiff_t da_stride, REAL *dh_before, bool accumulate),                                                           \
    (rows, columns, a, a_stride, q, q_stride, h_before, state_stride, dh, gradient_stride, da, dq, da_stride,          \
     dh_before, accumulate))                                                                                           \
  F(bool, lstm_variant_forward,                                                                                        \
    (size_t rows, size_t columns, bool coupled, REAL *a, ptrdiff_t a_stride, const REAL *c_before, REAL *c, REAL *h,   \
     ptrdiff_t state_stride, const REAL *peepholes, ptrdiff_t peephole_stride),                                        \
    (rows, columns, coupled, a, a_stride, c_before, c, h, state_stride, peepholes, peephole_stride))                   \
  F(REAL, lstm_variant_backward,                                                                                       \
    (size_t rows, size_t columns, bool coupled, const REAL *a, ptrdiff_t a_stride, const REAL *c_before,               \
     const REAL *c, ptrdiff_t state_stride, const REAL *dh, const REAL *dc, ptrdiff_t gradient_stride, REAL *da,       \
     ptrdiff_t da_stride, REAL *dc_before, bool accumulate, const REAL *peepholes, ptrdiff_t peephole_stride),         \
    (rows, columns, coupled, a, a_stride, c_before, c, state_stride, dh, dc, gradient_stride, da, da_stride,           \
     dc_before, accumulate, peepholes, peephole_stride))                                                               \
  F(bool, min_gru_forward,                                                                                             \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *h_before, REAL *h,                    \
     ptrdiff_t state_stride),                                                                                          \
    (rows, columns, a, a_stride, h_before, h, state_stride))                                                           \
  F(REAL, min_gru_backward,                                                                                            \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *h_before, ptrdiff_t state_stride,     \
     const REAL *dh, ptrdiff_t gradient_stride, REAL *da, ptrdiff_t da_stride, REAL *dh_before, bool accumulate),      \
    (rows, columns, a, a_stride, h_before, state_stride, dh, gradient_stride, da, da_stride, dh_before, accumulate))   \
  F(bool, min_lstm_forward,                                                                                            \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *h_before, REAL *h,                    \
     ptrdiff_t state_stride),                                                                                          \
    (rows, columns, a, a_stride, h_before, h, state_stride))                                                           \
  F(REAL, min_lstm_backward,                                                                                           \
    (size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, const REAL *h_before, ptrdiff_t state_stride,     \
     const REAL *dh, ptrdiff_t gradient_stride, REAL *da, ptrdiff_t da_stride, REAL *dh_before, bool accumulate),      \
    (rows, columns, a, a_stride, h_before, state_stride, dh, gradient_stride, da, da_stride, dh_before, accumulate))   \
  F(bool, lru_forward,                                                                                                 \
    (size_t rows, size_t pairs, const REAL *a, ptrdiff_t a_stride, const REAL *h_before, REAL *h,                      \
     ptrdiff_t state_stride, const REAL *lambda, const REAL *gamma),                                                   \
    (rows, pairs, a, a_stride, h_before, h, state_stride, lambda, gamma))                                              \
  F(REAL, lru_backward,                                                                                                \
    (size_t rows, size_t pairs, const REAL *dh, ptrdiff_t gradient_stride, REAL *da, ptrdiff_t da_stride,              \
     REAL *dh_before, bool accumulate, const REAL *lambda, const REAL *gamma),                                         \
    (rows, pairs, dh, gradient_stride, da, da_stride, dh_before, accumulate, lambda, gamma))                           \
  F(void, lru_sums,                                                                                                    \
    (size_t rows, size_t pairs, const REAL *a, ptrdiff_t a_stride, const REAL *h_before, ptrdiff_t state_stride,       \
     const REAL *dh, ptrdiff_t gradient_stride, REAL *lambda, REAL *gamma),                                            \
    (rows, pairs, a, a_stride, h_before, state_stride, dh, gradient_stride, lambda, gamma))                            \
  F(void, cross_entropy,                                                                                               \
    (size_t rows, size_t classes, REAL weight, const uint8_t *mask, const int32_t *target, REAL *y,                    \
     ptrdiff_t y_stride, REAL *loss),                                                                                  \
    (rows, classes, weight, mask, target, y, y_stride, loss))                                                          \
  F(void, squared_error,                                                                                               \
    (size_t rows, size_t columns, REAL weight, const uint8_t *mask, const REAL *target, ptrdiff_t target_stride,       \
     REAL *y, ptrdiff_t y_stride, REAL *loss),                                                                         \
    (rows, columns, weight, mask, target, target_stride, y, y_stride, loss))                                           \
  F(void, softmax_rows,                                                                                                \
    (size_t rows, size_t columns, size_t visible, REAL scale, REAL *y, ptrdiff_t y_stride),                            \
    (rows, columns, visible, scale, y, y_stride))                                                                      \
  F(void, softmax_rows_backward,                                                                                       \
    (size_t rows, size_t columns, size_t visible, REAL scale, const REAL *alpha, ptrdiff_t alpha_stride, REAL *g,      \
     ptrdiff_t g_stride),                                                                                              \
    (rows, columns, visible, scale, alpha, alpha_stride, g, g_stride))                                                 \
  F(void, norm_rows,                                                                                                   \
    (size_t rows, size_t columns, const REAL *x, ptrdiff_t x_stride, const REAL *gain, const REAL *shift, REAL *n,     \
     ptrdiff_t n_stride, REAL *inverse, REAL *y, ptrdiff_t y_stride),                                                  \
    (rows, columns, x, x_stride, gain, shift, n, n_stride, inverse, y, y_stride))                                      \
  F(void, norm_rows_backward,                                                                                          \
    (size_t rows, size_t columns, const REAL *n, ptrdiff_t n_stride, const REAL *inverse, ptrdiff_t inverse_stride,    \
     const REAL *gain, const REAL *dy, ptrdiff_t dy_stride, REAL *dx, ptrdiff_t dx_stride, bool accumulate,            \
     REAL *dgain, REAL *dshift),                                                                                       \
    (rows, columns, n, n_stride, inverse, inverse_stride, gain, dy, dy_stride, dx, dx_stride, accumulate, dgain,       \
     dshift))                                                                                                          \
  F(double, sum_of_squares, (size_t count, const REAL *x), (count, x))                                                 \
  F(void, moment_step,                                                                                                 \
    (size_t count, const struct bpt_moment_step *step, const REAL *g, REAL *w, REAL *m, REAL *v),                      \
    (count, step, g, w, m, v))                                                                                         \
  F(size_t, multiply_adds, (size_t repeats), (repeats))

// The kernels, as they are called: bpt_NAME_f64 and bpt_NAME_f32.
#define BPT_DECLARE_F64(type, name, parameters, arguments) type bpt_##name##_f64 parameters;
#define BPT_DECLARE_F32(type, name, parameters, arguments) type bpt_##name##_f32 parameters;
BPT_KERNELS(double, BPT_DECLARE_F64)
BPT_KERNELS(float, BPT_DECLARE_F32)

// The kernels of one instruction set, to be called by themselves; NULL where the processor lacks it.
#define BPT_TABLE(type, name, parameters, arguments) type(*name) parameters;
struct bpt_table_f64 { BPT_KERNELS(double, BPT_TABLE) };
struct bpt_table_f32 { BPT_KERNELS(float, BPT_TABLE) };
const struct bpt_table_f64 *bpt_kernels_f64(int instruction_set);
const struct bpt_table_f32 *bpt_kernels_f32(int instruction_set);

// The number of elements that `pack` writes: panels of 128 bytes' columns, the last filled up with zeros.
size_t bpt_packed_count_f64(size_t k, size_t n);
size_t bpt_packed_count_f32(size_t k, size_t n);
