// The steps of the gated cells, forward and back. A row of `a` holds the pre-activations of the gates, `columns` each, in
// PyTorch's order. A backward step first takes the factors that stand before δ from what the forward step kept, then
// multiplies; where one row of `a` serves all (a stride of 0) the factors are taken once.

#undef FOR_EACH_STEP
#define FOR_EACH_STEP(FACTORS_AT, APPLY)                                                                               \
  if (as == 0)                                                                                                         \
    FOR_EACH(columns, {                                                                                                \
      FACTORS_AT(0);                                                                                                   \
      for (ptrdiff_t row = 0; row < (ptrdiff_t)rows; row++) APPLY(row);                                                \
    });                                                                                                                \
  else                                                                                                                 \
    for (ptrdiff_t row = 0; row < (ptrdiff_t)rows; row++) FOR_EACH(columns, {                                          \
        FACTORS_AT(row);                                                                                               \
        APPLY(row);                                                                                                    \
      });

// σ(a) and 1 - σ(a) = σ(-a), either with full relative accuracy; σ′ is their product.
INLINE void NAME(logistic)(V a, V *value, V *rest) {
  V e = NAME(exp)(-NAME(absolute)(a)), more = 1 / (1 + e), less = e * more;
  *value = SELECT(a >= 0, more, less);
  *rest = SELECT(a >= 0, less, more);
}

INLINE V NAME(tanh)(V a, V *slope) {
  V value;
  NAME(phi)(BPT_TANH, a, &value, slope);
  return value;
}

// i, f, o = σ(a), g = tanh(a);  c = f ⊙ c_before + i ⊙ g;  h = o ⊙ tanh c. A row is gone over twice, h holding o in
// between: what waits for c would otherwise keep the processor from beginning the next gates.
static bool NAME(lstm_forward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *c_before, REAL *c,
                               REAL *h, ptrdiff_t ss) {
  V poison = {0};
  for (; rows; rows--, a += as, c_before += ss, c += ss, h += ss) {
    FOR_EACH(columns, {
      V ai = NAME(load)(a + j, left), af = NAME(load)(a + columns + j, left);
      V ag = NAME(load)(a + 2 * columns + j, left), ao = NAME(load)(a + 3 * columns + j, left);
      V i, f, o, rest, slope;
      poison += (ai * 0 + af * 0) + (ag * 0 + ao * 0);
      NAME(logistic)(ai, &i, &rest);
      NAME(logistic)(af, &f, &rest);
      NAME(logistic)(ao, &o, &rest);
      V next = f * NAME(load)(c_before + j, left) + i * NAME(tanh)(ag, &slope);
      NAME(store)(c + j, next, left);
      NAME(store)(h + j, o, left);
    });
    FOR_EACH(columns, {
      V slope, squashed = NAME(tanh)(NAME(load)(c + j, left), &slope);
      NAME(store)(h + j, NAME(load)(h + j, left) * squashed, left);
    });
  }
  return NAME(sum)(poison) == 0;
}

// ∂L/∂c = dc + dh ⊙ o tanh′ c;  ∂L/∂a = (g i′, c_before f′, i g′) ⊙ ∂L/∂c, tanh c o′ ⊙ dh;  dc_before = f ⊙ ∂L/∂c, added
// to what is there where `accumulate`, nowhere where it is NULL. Returns Σ dh².
static REAL NAME(lstm_backward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *c_before,
                                const REAL *c, ptrdiff_t ss, const REAL *dh, const REAL *dc, ptrdiff_t ds, REAL *da,
                                ptrdiff_t das, REAL *dc_before, bool accumulate) {
  V squares = {0};
#undef LSTM_FACTORS
#undef LSTM_APPLY
#define LSTM_FACTORS(row)                                                                                              \
  const REAL *at = a + (row)*as + j;                                                                                   \
  V i, f, o, i_rest, f_rest, o_rest, g_slope, c_slope;                                                                 \
  NAME(logistic)(NAME(load)(at, left), &i, &i_rest);                                                                   \
  NAME(logistic)(NAME(load)(at + columns, left), &f, &f_rest);                                                         \
  NAME(logistic)(NAME(load)(at + 3 * columns, left), &o, &o_rest);                                                     \
  V g = NAME(tanh)(NAME(load)(at + 2 * columns, left), &g_slope);                                                      \
  V squashed = NAME(tanh)(NAME(load)(c + (row)*ss + j, left), &c_slope);                                               \
  V to_c = o * c_slope, to_o = squashed * (o * o_rest), to_i = g * (i * i_rest), to_g = i * g_slope,                   \
    to_f = NAME(load)(c_before + (row)*ss + j, left) * (f * f_rest)
#define LSTM_APPLY(row)                                                                                                \
  {                                                                                                                    \
    V h_gradient = NAME(load)(dh + (row)*ds + j, left);                                                                \
    V c_gradient = NAME(load)(dc + (row)*ds + j, left) + h_gradient * to_c;                                            \
    squares += h_gradient * h_gradient;                                                                                \
    REAL *to = da + (row)*das + j;                                                                                     \
    NAME(store)(to, c_gradient *to_i, left);                                                                           \
    NAME(store)(to + columns, c_gradient *to_f, left);                                                                 \
    NAME(store)(to + 2 * columns, c_gradient *to_g, left);                                                             \
    NAME(store)(to + 3 * columns, h_gradient *to_o, left);                                                             \
    if (dc_before) {                                                                                                   \
      V before = c_gradient * f;                                                                                       \
      if (accumulate) before += NAME(load)(dc_before + (row)*ds + j, left);                                            \
      NAME(store)(dc_before + (row)*ds + j, before, left);                                                             \
    }                                                                                                                  \
  }
  FOR_EACH_STEP(LSTM_FACTORS, LSTM_APPLY)
  return NAME(sum)(squares);
}

// r, z = σ(a), n = tanh(a_n + r ⊙ q), q = W_hn h_before + b_hn;  h = (1 - z) ⊙ n + z ⊙ h_before. a_n + r ⊙ q takes the
// place of a_n. A row is gone over twice, as above, h holding z in between.
static bool NAME(gru_forward)(size_t rows, size_t columns, REAL *a, ptrdiff_t as, const REAL *q, ptrdiff_t qs,
                              const REAL *h_before, REAL *h, ptrdiff_t ss) {
  V poison = {0};
  for (; rows; rows--, a += as, q += qs, h_before += ss, h += ss) {
    FOR_EACH(columns, {
      V ar = NAME(load)(a + j, left), az = NAME(load)(a + columns + j, left), r, z, rest;
      NAME(logistic)(ar, &r, &rest);
      NAME(logistic)(az, &z, &rest);
      V an = NAME(load)(a + 2 * columns + j, left) + r * NAME(load)(q + j, left);
      poison += ar * 0 + (az * 0 + an * 0);
      NAME(store)(a + 2 * columns + j, an, left);
      NAME(store)(h + j, z, left);
    });
    FOR_EACH(columns, {
      V slope, n = NAME(tanh)(NAME(load)(a + 2 * columns + j, left), &slope), z = NAME(load)(h + j, left);
      NAME(store)(h + j, n + z * (NAME(load)(h_before + j, left) - n), left);
    });
  }
  return NAME(sum)(poison) == 0;
}

// ∂L/∂a_n = (1 - z) n′ ⊙ dh, ∂L/∂q = r ⊙ ∂L/∂a_n, ∂L/∂a_r = q r′ ⊙ ∂L/∂a_n, ∂L/∂a_z = (h_before - n) z′ ⊙ dh: by what
// x_t sees in `da` (r, z, n), by what h_before sees in `dq` (r, z, q). dh_before = z ⊙ dh, added to what is there where
// `accumulate`, nowhere where it is NULL. Returns Σ dh².
static REAL NAME(gru_backward)(size_t rows, size_t columns, const REAL *a, ptrdiff_t as, const REAL *q, ptrdiff_t qs,
                               const REAL *h_before, ptrdiff_t ss, const REAL *dh, ptrdiff_t ds, REAL *da, REAL *dq,
                               ptrdiff_t das, REAL *dh_before, bool accumulate) {
  V squares = {0};
#undef GRU_FACTORS
#undef GRU_APPLY
#define GRU_FACTORS(row)                                                                                               \
  const REAL *at = a + (row)*as + j;                                                                                   \
  V r, z, r_rest, z_rest, n_slope;                                                                                     \
  NAME(logistic)(NAME(load)(at, left), &r, &r_rest);                                                                   \
  NAME(logistic)(NAME(load)(at + columns, left), &z, &z_rest);                                                         \
  V n = NAME(tanh)(NAME(load)(at + 2 * columns, left), &n_slope);                                                      \
  V to_n = z_rest * n_slope, to_q = r * to_n, to_r = NAME(load)(q + (row)*qs + j, left) * (r * r_rest) * to_n,         \
    to_z = (NAME(load)(h_before + (row)*ss + j, left) - n) * (z * z_rest)
#define GRU_APPLY(row)                                                                                                 \
  {                                                                                                                    \
    V gradient = NAME(load)(dh + (row)*ds + j, left), reset = gradient * to_r, update = gradient * to_z;               \
    squares += gradient * gradient;                                                                                    \
    REAL *by_x = da + (row)*das + j, *by_h = dq + (row)*das + j;                                                       \
    NAME(store)(by_x, reset, left);                                                                                    \
    NAME(store)(by_h, reset, left);                                                                                    \
    NAME(store)(by_x + columns, update, left);                                                                         \
    NAME(store)(by_h + columns, update, left);                                                                         \
    NAME(store)(by_x + 2 * columns, gradient *to_n, left);                                                             \
    NAME(store)(by_h + 2 * columns, gradient *to_q, left);                                                             \
    if (dh_before) {                                                                                                   \
      V before = gradient * z;                                                                                         \
      if (accumulate) before += NAME(load)(dh_before + (row)*ds + j, left);                                            \
      NAME(store)(dh_before + (row)*ds + j, before, left);                                                             \
    }                                                                                                                  \
  }
  FOR_EACH_STEP(GRU_FACTORS, GRU_APPLY)
  return NAME(sum)(squares);
}
