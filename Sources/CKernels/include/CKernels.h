#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Matrix and element-wise kernels in two precisions. Matrices are row-major, strides are in elements. Every element-wise
// kernel works on `rows` rows of `columns` elements and has one row stride for each array; a stride of 0 broadcasts.

// The activations, in the order of LinearAlgebra's ElementwiseFunction.
enum { BPT_TANH, BPT_SIGMOID, BPT_RELU, BPT_LEAKY_RELU, BPT_IDENTITY, BPT_SOFTSIGN, BPT_HARD_TANH, BPT_SIN };

#define BPT_DECLARE(REAL, S)                                                                                           \
  size_t bpt_packed_count_##S(size_t k, size_t n);                                                                     \
  void bpt_pack_##S(size_t k, size_t n, const REAL *b, ptrdiff_t row_stride, ptrdiff_t column_stride, REAL *packed);   \
  void bpt_multiply_packed_##S(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t a_row_stride,                    \
                               ptrdiff_t a_column_stride, const REAL *packed_b, REAL *c, ptrdiff_t c_row_stride,       \
                               bool accumulate);                                                                       \
  void bpt_multiply_##S(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t a_row_stride,                           \
                        ptrdiff_t a_column_stride, const REAL *b, ptrdiff_t b_row_stride, REAL *c,                     \
                        ptrdiff_t c_row_stride, bool accumulate);                                                      \
  bool bpt_activate_##S(int kind, size_t rows, size_t columns, const REAL *a, ptrdiff_t a_stride, REAL *value,         \
                        ptrdiff_t value_stride, REAL *derivative, ptrdiff_t derivative_stride);                        \
  void bpt_scale_add_##S(size_t rows, size_t columns, REAL alpha, const REAL *x, ptrdiff_t x_stride, REAL beta,        \
                         REAL *y, ptrdiff_t y_stride);                                                                 \
  REAL bpt_multiply_elements_##S(size_t rows, size_t columns, REAL scale, const REAL *x, ptrdiff_t x_stride,           \
                                 const REAL *y, ptrdiff_t y_stride, REAL *z, ptrdiff_t z_stride);                      \
  void bpt_fill_rows_##S(size_t rows, size_t columns, const REAL *row, REAL *y, ptrdiff_t y_stride);                   \
  void bpt_add_column_sums_##S(size_t rows, size_t columns, const REAL *x, ptrdiff_t x_stride, REAL *sums);            \
  void bpt_gather_rows_##S(size_t rows, size_t columns, const REAL *table, ptrdiff_t table_stride,                     \
                           const int32_t *index, REAL *y, ptrdiff_t y_stride);                                         \
  void bpt_scatter_add_rows_##S(size_t rows, size_t columns, const REAL *x, ptrdiff_t x_stride, const int32_t *index,  \
                                REAL *table, ptrdiff_t table_stride);                                                  \
  void bpt_cross_entropy_##S(size_t rows, size_t classes, REAL weight, const uint8_t *mask, const int32_t *target,     \
                             REAL *y, ptrdiff_t y_stride, REAL *loss);                                                 \
  void bpt_squared_error_##S(size_t rows, size_t columns, REAL weight, const uint8_t *mask, const REAL *target,        \
                             ptrdiff_t target_stride, REAL *y, ptrdiff_t y_stride, REAL *loss);                        \
  double bpt_sum_of_squares_##S(size_t count, const REAL *x);

BPT_DECLARE(double, f64)
BPT_DECLARE(float, f32)
