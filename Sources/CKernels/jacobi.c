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

#define NAME(x) x##_plain
#include "jacobi.inc"
#include "graded_qr.inc"
#undef NAME

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(x) x##_avx2
#include "jacobi.inc"
#include "graded_qr.inc"
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define NAME(x) x##_avx512
#include "jacobi.inc"
#include "graded_qr.inc"
#undef NAME
#pragma clang attribute pop
#endif

int bpttop_jacobi_level(void) {
  int selected = bpt_selected();
#if defined(__x86_64__)
  if (selected >= BPT_AVX512 && __builtin_cpu_supports("x86-64-v4")) return 2;
  if (selected >= BPT_AVX2 && __builtin_cpu_supports("x86-64-v3")) return 1;
#endif
  return 0;
}

int bpttop_jacobi_orthogonalize(long count, long stride, double *vectors, double *exponents, double *norms,
                                double *companions, long companion_stride, double *workspace, double tolerance,
                                double skip, int maximum_sweeps, int level) {
  int best = bpttop_jacobi_level();
  if (level < 0 || level > best) level = best;
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
#define ORTHOGONALIZE(level) \
  orthogonalize_##level(count, stride, vectors, exponents, norms, companions, companion_stride, &room, tolerance, \
                        maximum_sweeps)
#if defined(__x86_64__)
  if (level == 2) return ORTHOGONALIZE(avx512);
  if (level == 1) return ORTHOGONALIZE(avx2);
#endif
  return ORTHOGONALIZE(plain);
#undef ORTHOGONALIZE
}

long bpttop_jacobi_workspace(long count) { return 2 * (count + 24) + 8 * (count / 2 + 16) + count + 8; }

double bpttop_largest_norm(long count, long stride, const double *vectors, const double *exponents, double *workspace,
                           double tolerance, int maximum_iterations, int level) {
  int best = bpttop_jacobi_level();
  if (level < 0 || level > best) level = best;
  if (count < 1) return -INFINITY;
#define LARGEST_NORM(level) \
  largest_norm_##level(count, stride, vectors, exponents, workspace, tolerance, maximum_iterations)
#if defined(__x86_64__)
  if (level == 2) return LARGEST_NORM(avx512);
  if (level == 1) return LARGEST_NORM(avx2);
#endif
  return LARGEST_NORM(plain);
#undef LARGEST_NORM
}

void bpttop_squared_norms(long count, long length, long stride, const double *vectors, double *norms, int level) {
  int best = bpttop_jacobi_level();
  if (level < 0 || level > best) level = best;
#if defined(__x86_64__)
  if (level == 2) return squared_norms_avx512(count, length, stride, vectors, norms);
  if (level == 1) return squared_norms_avx2(count, length, stride, vectors, norms);
#endif
  squared_norms_plain(count, length, stride, vectors, norms);
}

long bpttop_graded_qr(long count, long length, long stride, double *columns, double *exponents, double *rows,
                      long row_stride, double *row_exponents, double *q, double *reflectors, double *factors,
                      unsigned char *done, int level) {
  int best = bpttop_jacobi_level();
  if (level < 0 || level > best) level = best;
#define GRADED_QR(level) \
  graded_qr_##level(count, length, stride, columns, exponents, rows, row_stride, row_exponents, q, reflectors, factors, \
                    done)
#if defined(__x86_64__)
  if (level == 2) return GRADED_QR(avx512);
  if (level == 1) return GRADED_QR(avx2);
#endif
  return GRADED_QR(plain);
#undef GRADED_QR
}

long bpttop_graded_lu(long count, long size, long stride, double *a, const double *row_exponents,
                      const double *column_exponents, double *columns, double *exponents, double *upper,
                      unsigned char *done, int level) {
  int best = bpttop_jacobi_level();
  if (level < 0 || level > best) level = best;
#define GRADED_LU(level) \
  graded_lu_##level(count, size, stride, a, row_exponents, column_exponents, columns, exponents, upper, done)
#if defined(__x86_64__)
  if (level == 2) return GRADED_LU(avx512);
  if (level == 1) return GRADED_LU(avx2);
#endif
  return GRADED_LU(plain);
#undef GRADED_LU
}

#pragma clang diagnostic pop
