#pragma once

// One-sided Jacobi rotations in logarithmic scale.
//
// `count` vectors of `stride` doubles each (a multiple of 8, padded with zeros), vector j standing for the column
// vectors[j] · 2^exponents[j], exponents whole numbers of any size. Pairs are rotated, from the right, until all are
// orthogonal: the norms are then the singular values, exact in relative terms however far they lie apart. Rotations are
// computed from the vectors and the ratio of their scales alone, so that nothing under- or overflows.
//
// On return every vector is scaled to a norm in [1, 2) (vectors of zeros stay zeros), norms[j] is its squared norm.
// Companions (optional: NULL) are vectors without exponents that the same rotations act upon.
// The workspace has bpttop_jacobi_workspace(count) doubles. Stops when what is left is under `tolerance` in the cosines;
// pairs whose cosine is under `skip` are left alone.
// Returns the number of sweeps, or -1 when maximum_sweeps did not do.
// The instruction set is one of CKernels.h; where the processor lacks it, the one in use serves.
int bpttop_jacobi_orthogonalize(long count, long stride, double *vectors, double *exponents, double *norms,
                                double *companions, long companion_stride, double *workspace, double tolerance,
                                double skip, int maximum_sweeps, int instruction_set);

// The number of doubles of a workspace.
long bpttop_jacobi_workspace(long count);

// log2 of the largest singular value of such vectors, by power iteration until it changes by less than `tolerance` in
// relative terms: it is reached from below. The workspace has 2 * count + stride + 8 doubles.
double bpttop_largest_norm(long count, long stride, const double *vectors, const double *exponents, double *workspace,
                           double tolerance, int maximum_iterations, int instruction_set);

// norms[j] = |vectors[j]|^2 over the first `length` elements, a multiple of 8 (pad with zeros).
void bpttop_squared_norms(long count, long length, long stride, const double *vectors, double *norms);

// Householder QR with column pivoting of `count` columns of `length` elements (stride as above), column j standing for
// columns[j] * 2^exponents[j]. Rows may be badly scaled too, when they come sorted, the largest first: the errors are
// then small in each row relative to that row (Cox & Higham 1998).
//
// Returns the rank (it stops where all that remains is exactly 0). R's row i, by column in the caller's order, is
// rows[i] * 2^row_exponents[i] with its diagonal element in +-[1, 2); Q's column i is q[i], of `stride` elements.
// `columns` and `exponents` are destroyed; room: reflectors min(length, count) * stride, factors min(length, count), done count.
long bpttop_graded_qr(long count, long length, long stride, double *columns, double *exponents, double *rows,
                      long row_stride, double *row_exponents, double *q, double *reflectors, double *factors,
                      unsigned char *done, int instruction_set);

// LU with complete pivoting of `count` rows of `size` elements (stride as above, count <= size), element (i, j) standing
// for a[i][j] * 2^(row_exponents[i] + column_exponents[j]); the pivot is the largest with its scale.
//
// Returns the rank (it stops where all that remains is exactly 0). The matrix is the sum over k < rank of column k,
// columns[k] * 2^exponents[k] with an element for each of the rows, times row k, upper[k], whose element at the pivot is 1
// and no other is larger by more than rounding the logarithm. `a` is destroyed; done has room for count.
long bpttop_graded_lu(long count, long size, long stride, double *a, const double *row_exponents,
                      const double *column_exponents, double *columns, double *exponents, double *upper,
                      unsigned char *done, int instruction_set);
