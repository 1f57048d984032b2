#include "CKernels.h"

#include <math.h>
#include <stddef.h>

// The room of one call: arrays by position (norms, exponents, order) and by pair (the others).
struct jacobi_room {
  double *norms, *exponents;
  double *products, *cosines, *first_factors, *second_factors, *tangents, *first_norms, *second_norms, *turns;
  int *order;
  // Pairs whose squared cosine is under this are left alone.
  double skip;
};

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

// The kernels of one instruction set.
struct jacobi_table {
  int (*orthogonalize)(long, long, double *, double *, double *, double *, long, const struct jacobi_room *, double, int);
  double (*largest_norm)(long, long, const double *, const double *, double *, double, int);
  void (*squared_norms)(long, long, long, const double *, double *);
  long (*graded_qr)(long, long, long, double *, double *, double *, long, double *, double *, double *, double *,
                    unsigned char *);
  long (*graded_lu)(long, long, long, double *, const double *, const double *, double *, double *, double *,
                    unsigned char *);
};
#define TABLE                                                                                                          \
  static const struct jacobi_table NAME(table) = {NAME(orthogonalize), NAME(largest_norm), NAME(squared_norms),        \
                                                  NAME(graded_qr), NAME(graded_lu)};

#define NAME(x) x##_plain
#include "jacobi.inc"
#include "graded_qr.inc"
TABLE
#undef NAME

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
#define NAME(x) x##_avx2
#include "jacobi.inc"
#include "graded_qr.inc"
TABLE
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"))),              \
                             apply_to = function)
#define NAME(x) x##_avx512
#include "jacobi.inc"
#include "graded_qr.inc"
TABLE
#undef NAME
#pragma clang attribute pop
#endif

// The kernels of an instruction set; of the one in use where the processor lacks it.
static const struct jacobi_table *kernels(int instruction_set) {
  int set = bpt_supports(instruction_set) ? instruction_set : bpt_selected();
#if defined(__x86_64__)
  if (set == BPT_AVX512) return &table_avx512;
  if (set == BPT_AVX2) return &table_avx2;
#endif
  return &table_plain;
}

int bpttop_jacobi_orthogonalize(long count, long stride, double *vectors, double *exponents, double *norms,
                                double *companions, long companion_stride, double *workspace, double tolerance,
                                double skip, int maximum_sweeps, int instruction_set) {
  if (count < 1) return 0;
  // Groups of eight read up to 8 elements before the middle and behind the end.
  long positions = count + 24, pairs = count / 2 + 16;
  double *next = workspace;
  for (long i = 0; i < bpttop_jacobi_workspace(count); i++) workspace[i] = 0;
  struct jacobi_room room;
  room.norms = next + 8, next += positions;
  room.exponents = next + 8, next += positions;
  double **by_pair[] = {&room.products, &room.cosines, &room.first_factors, &room.second_factors,
                        &room.first_norms, &room.second_norms, &room.turns, &room.tangents};
  for (int i = 0; i < 8; i++) *by_pair[i] = next, next += pairs;
  if (!companions) room.tangents = NULL;
  room.order = (int *)next;
  room.skip = skip * skip;
  return kernels(instruction_set)->orthogonalize(count, stride, vectors, exponents, norms, companions, companion_stride,
                                                 &room, tolerance, maximum_sweeps);
}

long bpttop_jacobi_workspace(long count) { return 2 * (count + 24) + 8 * (count / 2 + 16) + count + 8; }

double bpttop_largest_norm(long count, long stride, const double *vectors, const double *exponents, double *workspace,
                           double tolerance, int maximum_iterations, int instruction_set) {
  if (count < 1) return -INFINITY;
  return kernels(instruction_set)->largest_norm(count, stride, vectors, exponents, workspace, tolerance,
                                                maximum_iterations);
}

void bpttop_squared_norms(long count, long length, long stride, const double *vectors, double *norms) {
  kernels(bpt_selected())->squared_norms(count, length, stride, vectors, norms);
}

long bpttop_graded_qr(long count, long length, long stride, double *columns, double *exponents, double *rows,
                      long row_stride, double *row_exponents, double *q, double *reflectors, double *factors,
                      unsigned char *done, int instruction_set) {
  return kernels(instruction_set)->graded_qr(count, length, stride, columns, exponents, rows, row_stride, row_exponents,
                                             q, reflectors, factors, done);
}

long bpttop_graded_lu(long count, long size, long stride, double *a, const double *row_exponents,
                      const double *column_exponents, double *columns, double *exponents, double *upper,
                      unsigned char *done, int instruction_set) {
  return kernels(instruction_set)->graded_lu(count, size, stride, a, row_exponents, column_exponents, columns,
                                             exponents, upper, done);
}

#pragma clang diagnostic pop
