// The steps of the cells whose units go from step to step each by itself, forward and back: h = factor ⊙ h_before + what
// comes in, with a factor that is made of x_t (minGRU, minLSTM) or does not change (LRU, in complex numbers).

// z = σ(a_z), c = a_c of rows [z, c];  h = (1 - z) ⊙ h_before + z ⊙ c.
static bool NAME(min_gru_forward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *h_before,
                                  REAL *h, ptrdiff_t ss) {
  V poison = {0};
  for (; rows; rows--, a += as, h_before += ss, h += ss)
    FOR_EACH(columns, {
      V az = NAME(load)(a + j, left), c = NAME(load)(a + columns + j, left), z, rest;
      poison += az * 0 + c * 0;
      NAME(logistic)(az, &z, &rest);
      NAME(store)(h + j, rest * NAME(load)(h_before + j, left) + z * c, left);
    });
  return NAME(sum)(poison) == 0;
}

// ∂L/∂a_z = (c - h_before) z′ ⊙ dh, ∂L/∂a_c = z ⊙ dh;  dh_before = (1 - z) ⊙ dh, added to what is there where
// `accumulate`, nowhere where it is NULL. Returns Σ dh².
static REAL NAME(min_gru_backward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *h_before,
                                   ptrdiff_t ss, const REAL *dh, ptrdiff_t ds, REAL *da, ptrdiff_t das,
                                   REAL *dh_before, bool accumulate) {
  V squares = {0};
#undef MIN_GRU_FACTORS
#undef MIN_GRU_APPLY
#define MIN_GRU_FACTORS(row)                                                                                           \
  const REAL *at = a + (row)*as + j;                                                                                   \
  V z, rest;                                                                                                           \
  NAME(logistic)(NAME(load)(at, left), &z, &rest);                                                                     \
  V to_z = (NAME(load)(at + columns, left) - NAME(load)(h_before + (row)*ss + j, left)) * (z * rest)
#define MIN_GRU_APPLY(row)                                                                                             \
  {                                                                                                                    \
    V gradient = NAME(load)(dh + (row)*ds + j, left);                                                                  \
    squares += gradient * gradient;                                                                                    \
    REAL *to = da + (row)*das + j;                                                                                     \
    NAME(store)(to, gradient *to_z, left);                                                                             \
    NAME(store)(to + columns, gradient *z, left);                                                                      \
    if (dh_before) {                                                                                                   \
      V before = gradient * rest;                                                                                      \
      if (accumulate) before += NAME(load)(dh_before + (row)*ds + j, left);                                            \
      NAME(store)(dh_before + (row)*ds + j, before, left);                                                             \
    }                                                                                                                  \
  }
  FOR_EACH_STEP(MIN_GRU_FACTORS, MIN_GRU_APPLY)
  return NAME(sum)(squares);
}

// f/(f + i) and i/(f + i) of f, i = σ(a_f), σ(a_i), both with full relative accuracy: f/(f + i) = (1 + e^-a_i)/(2 + e^-a_i +
// e^-a_f), above and below divided by the largest of the powers, so that none of them overflows.
INLINE void NAME(shares)(V a_f, V a_i, V *keep, V *take) {
  V zero = {0}, most = SELECT(-a_f > zero, -a_f, zero);
  most = SELECT(-a_i > most, -a_i, most);
  V one = NAME(exp)(-most), by_i = one + NAME(exp)(-a_i - most), by_f = one + NAME(exp)(-a_f - most), sum = by_i + by_f;
  *keep = by_i / sum;
  *take = by_f / sum;
}

// s = f/(f + i), c = a_c of rows [f, i, c];  h = s ⊙ h_before + (1 - s) ⊙ c.
static bool NAME(min_lstm_forward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *h_before,
                                   REAL *h, ptrdiff_t ss) {
  V poison = {0};
  for (; rows; rows--, a += as, h_before += ss, h += ss)
    FOR_EACH(columns, {
      V af = NAME(load)(a + j, left), ai = NAME(load)(a + columns + j, left), c = NAME(load)(a + 2 * columns + j, left);
      V keep, take;
      poison += af * 0 + (ai * 0 + c * 0);
      NAME(shares)(af, ai, &keep, &take);
      NAME(store)(h + j, keep * NAME(load)(h_before + j, left) + take * c, left);
    });
  return NAME(sum)(poison) == 0;
}

// With u = s (1 - s) ⊙ (h_before - c) ⊙ dh: ∂L/∂a_f = (1 - f) ⊙ u, ∂L/∂a_i = -(1 - i) ⊙ u, ∂L/∂a_c = (1 - s) ⊙ dh;
// dh_before = s ⊙ dh, as above. Returns Σ dh².
static REAL NAME(min_lstm_backward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *h_before,
                                    ptrdiff_t ss, const REAL *dh, ptrdiff_t ds, REAL *da, ptrdiff_t das,
                                    REAL *dh_before, bool accumulate) {
  V squares = {0};
#undef MIN_LSTM_FACTORS
#undef MIN_LSTM_APPLY
#define MIN_LSTM_FACTORS(row)                                                                                          \
  const REAL *at = a + (row)*as + j;                                                                                   \
  V a_f = NAME(load)(at, left), a_i = NAME(load)(at + columns, left), keep, take, f, i, f_rest, i_rest;                \
  NAME(shares)(a_f, a_i, &keep, &take);                                                                                \
  NAME(logistic)(a_f, &f, &f_rest);                                                                                    \
  NAME(logistic)(a_i, &i, &i_rest);                                                                                    \
  V moved = keep * take * (NAME(load)(h_before + (row)*ss + j, left) - NAME(load)(at + 2 * columns, left));            \
  V to_f = f_rest * moved, to_i = -(i_rest * moved)
#define MIN_LSTM_APPLY(row)                                                                                            \
  {                                                                                                                    \
    V gradient = NAME(load)(dh + (row)*ds + j, left);                                                                  \
    squares += gradient * gradient;                                                                                    \
    REAL *to = da + (row)*das + j;                                                                                     \
    NAME(store)(to, gradient *to_f, left);                                                                             \
    NAME(store)(to + columns, gradient *to_i, left);                                                                   \
    NAME(store)(to + 2 * columns, gradient *take, left);                                                               \
    if (dh_before) {                                                                                                   \
      V before = gradient * keep;                                                                                      \
      if (accumulate) before += NAME(load)(dh_before + (row)*ds + j, left);                                            \
      NAME(store)(dh_before + (row)*ds + j, before, left);                                                             \
    }                                                                                                                  \
  }
  FOR_EACH_STEP(MIN_LSTM_FACTORS, MIN_LSTM_APPLY)
  return NAME(sum)(squares);
}

// Complex numbers lie as `pairs` real parts and then as many imaginary ones. h = λ h_before + γ a, element by element.
static bool NAME(lru_forward)(size_t rows, size_t pairs, const REAL *a, ptrdiff_t as, const REAL *h_before, REAL *h,
                              ptrdiff_t ss, const REAL *lambda, const REAL *gamma) {
  V poison = {0};
  for (; rows; rows--, a += as, h_before += ss, h += ss)
    FOR_EACH(pairs, {
      V lr = NAME(load)(lambda + j, left), li = NAME(load)(lambda + pairs + j, left);
      V gr = NAME(load)(gamma + j, left), gi = NAME(load)(gamma + pairs + j, left);
      V ar = NAME(load)(a + j, left), ai = NAME(load)(a + pairs + j, left);
      V hr = NAME(load)(h_before + j, left), hi = NAME(load)(h_before + pairs + j, left);
      poison += ar * 0 + ai * 0;
      NAME(store)(h + j, (lr * hr - li * hi) + (gr * ar - gi * ai), left);
      NAME(store)(h + pairs + j, (lr * hi + li * hr) + (gr * ai + gi * ar), left);
    });
  return NAME(sum)(poison) == 0;
}

// ∂L/∂a = γ̄ dh;  dh_before = λ̄ dh, added to what is there where `accumulate`, nowhere where it is NULL. Returns Σ |dh|².
static REAL NAME(lru_backward)(size_t rows, size_t pairs, const REAL *dh, ptrdiff_t ds, REAL *da, ptrdiff_t das,
                               REAL *dh_before, bool accumulate, const REAL *lambda, const REAL *gamma) {
  V squares = {0};
  for (; rows; rows--, dh += ds, da += das, dh_before = dh_before ? dh_before + ds : NULL)
    FOR_EACH(pairs, {
      V lr = NAME(load)(lambda + j, left), li = NAME(load)(lambda + pairs + j, left);
      V gr = NAME(load)(gamma + j, left), gi = NAME(load)(gamma + pairs + j, left);
      V dr = NAME(load)(dh + j, left), di = NAME(load)(dh + pairs + j, left);
      squares += dr * dr + di * di;
      NAME(store)(da + j, gr * dr + gi * di, left);
      NAME(store)(da + pairs + j, gr * di - gi * dr, left);
      if (dh_before) {
        V before_r = lr * dr + li * di, before_i = lr * di - li * dr;
        if (accumulate) {
          before_r += NAME(load)(dh_before + j, left);
          before_i += NAME(load)(dh_before + pairs + j, left);
        }
        NAME(store)(dh_before + j, before_r, left);
        NAME(store)(dh_before + pairs + j, before_i, left);
      }
    });
  return NAME(sum)(squares);
}

// The gradients by λ and by γ of many rows, Σ h̄_before dh and Σ ā dh: `lambda` and `gamma` receive them.
static void NAME(lru_sums)(size_t rows, size_t pairs, const REAL *a, ptrdiff_t as, const REAL *h_before, ptrdiff_t ss,
                           const REAL *dh, ptrdiff_t ds, REAL *lambda, REAL *gamma) {
  FOR_EACH(pairs, {
    V lr = {0}, li = {0}, gr = {0}, gi = {0};
    for (ptrdiff_t row = 0; row < (ptrdiff_t)rows; row++) {
      const REAL *h_at = h_before + row * ss + j, *a_at = a + row * as + j, *d_at = dh + row * ds + j;
      V hr = NAME(load)(h_at, left), hi = NAME(load)(h_at + pairs, left);
      V ar = NAME(load)(a_at, left), ai = NAME(load)(a_at + pairs, left);
      V dr = NAME(load)(d_at, left), di = NAME(load)(d_at + pairs, left);
      lr += hr * dr + hi * di;
      li += hr * di - hi * dr;
      gr += ar * dr + ai * di;
      gi += ar * di - ai * dr;
    }
    NAME(store)(lambda + j, lr, left);
    NAME(store)(lambda + pairs + j, li, left);
    NAME(store)(gamma + j, gr, left);
    NAME(store)(gamma + pairs + j, gi, left);
  });
}
