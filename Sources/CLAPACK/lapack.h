#pragma once
#include <stddef.h>

// The LAPACK routines that are used, by the Fortran calling convention of gfortran: every argument by its address, then
// the length of each character argument as a size_t. Matrices are column-major.

/// Eigenvalues, and on request eigenvectors, of a general square matrix.
void dgeev_(const char *jobvl, const char *jobvr, const int *n, double *a, const int *lda, double *wr, double *wi,
            double *vl, const int *ldvl, double *vr, const int *ldvr, double *work, const int *lwork, int *info,
            size_t, size_t);
/// Singular values by one-sided Jacobi rotations: small ones keep their relative accuracy.
void dgesvj_(const char *joba, const char *jobu, const char *jobv, const int *m, const int *n, double *a,
             const int *lda, double *sva, const int *mv, double *v, const int *ldv, double *work, const int *lwork,
             int *info, size_t, size_t, size_t);
/// A = LQ of a general matrix: L and the reflectors of Q in place of A.
void dgelqf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork,
             int *info);
/// The first m rows of Q, from the reflectors of dgelqf.
void dorglq_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
             const int *lwork, int *info);
/// Eigenvalues and eigenvectors of a symmetric matrix, ascending.
void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info, size_t, size_t);
/// AX = B for a symmetric positive definite A, by Cholesky.
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb,
            int *info, size_t);
/// The Schur form of a general complex matrix, each number as its two parts; without `select` in whatever order.
void zgees_(const char *jobvs, const char *sort, const void *select, const int *n, double *a, const int *lda, int *sdim,
            double *w, double *vs, const int *ldvs, double *work, const int *lwork, double *rwork, int *bwork, int *info,
            size_t, size_t);
