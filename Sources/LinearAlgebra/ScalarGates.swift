import CKernels

extension Scalar {
  /// A step of the LSTM on pre-activations of gates i, f, g, o, [rows, 4·columns]: i, f, o = σ(a), g = tanh(a),
  /// c = f ⊙ c_before + i ⊙ g, h = o ⊙ tanh c; false when an a is not finite.
  @inlinable
  public static func lstmForward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, cBefore: UnsafePointer<Self>,
    c: UnsafeMutablePointer<Self>, h: UnsafeMutablePointer<Self>, stateStride: Int
  ) -> Bool {
    isDouble
      ? bpt_lstm_forward_f64(rows, columns, a.f64, aStride, cBefore.f64, c.f64, h.f64, stateStride)
      : bpt_lstm_forward_f32(rows, columns, a.f32, aStride, cBefore.f32, c.f32, h.f32, stateStride)
  }

  /// From the gradients by h and c to those by a, and by c_before (nil: not wanted), added to what is there where it
  /// accumulates; returns Σ dh². dcBefore may be dc.
  @inlinable
  public static func lstmBackward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, cBefore: UnsafePointer<Self>,
    c: UnsafePointer<Self>, stateStride: Int, dh: UnsafePointer<Self>, dc: UnsafePointer<Self>, gradientStride: Int,
    da: UnsafeMutablePointer<Self>, daStride: Int, dcBefore: UnsafeMutablePointer<Self>?, accumulate: Bool
  ) -> Self {
    isDouble
      ? Self(
        bits: bpt_lstm_backward_f64(
          rows, columns, a.f64, aStride, cBefore.f64, c.f64, stateStride, dh.f64, dc.f64, gradientStride, da.f64,
          daStride, dcBefore?.f64, accumulate))
      : Self(
        bits: bpt_lstm_backward_f32(
          rows, columns, a.f32, aStride, cBefore.f32, c.f32, stateStride, dh.f32, dc.f32, gradientStride, da.f32,
          daStride, dcBefore?.f32, accumulate))
  }

  /// A step of the LSTM with peepholes, coupled gates or both, on pre-activations of gates i, f, g, o, or f, g, o where i = 1 - f:
  /// w_i ⊙ c_before, w_f ⊙ c_before and w_o ⊙ c are added to a in its place. `peepholes` are the rows w_f, w_o, w_i, or nil.
  @inlinable
  public static func lstmVariantForward(
    rows: Int, columns: Int, isCoupled: Bool, a: UnsafeMutablePointer<Self>, aStride: Int,
    cBefore: UnsafePointer<Self>, c: UnsafeMutablePointer<Self>, h: UnsafeMutablePointer<Self>, stateStride: Int,
    peepholes: UnsafePointer<Self>?, peepholeStride: Int
  ) -> Bool {
    isDouble
      ? bpt_lstm_variant_forward_f64(
        rows, columns, isCoupled, a.f64, aStride, cBefore.f64, c.f64, h.f64, stateStride, peepholes?.f64,
        peepholeStride)
      : bpt_lstm_variant_forward_f32(
        rows, columns, isCoupled, a.f32, aStride, cBefore.f32, c.f32, h.f32, stateStride, peepholes?.f32,
        peepholeStride)
  }

  /// From the gradients by h and c to those by a, and by c_before, as `lstmBackward`.
  @inlinable
  public static func lstmVariantBackward(
    rows: Int, columns: Int, isCoupled: Bool, a: UnsafePointer<Self>, aStride: Int, cBefore: UnsafePointer<Self>,
    c: UnsafePointer<Self>, stateStride: Int, dh: UnsafePointer<Self>, dc: UnsafePointer<Self>, gradientStride: Int,
    da: UnsafeMutablePointer<Self>, daStride: Int, dcBefore: UnsafeMutablePointer<Self>?, accumulate: Bool,
    peepholes: UnsafePointer<Self>?, peepholeStride: Int
  ) -> Self {
    isDouble
      ? Self(
        bits: bpt_lstm_variant_backward_f64(
          rows, columns, isCoupled, a.f64, aStride, cBefore.f64, c.f64, stateStride, dh.f64, dc.f64, gradientStride,
          da.f64, daStride, dcBefore?.f64, accumulate, peepholes?.f64, peepholeStride))
      : Self(
        bits: bpt_lstm_variant_backward_f32(
          rows, columns, isCoupled, a.f32, aStride, cBefore.f32, c.f32, stateStride, dh.f32, dc.f32, gradientStride,
          da.f32, daStride, dcBefore?.f32, accumulate, peepholes?.f32, peepholeStride))
  }

  /// A step of the GRU on pre-activations of gates r, z, n, [rows, 3·columns], and q = W_hn h_before + b_hn: r, z = σ(a),
  /// n = tanh(a_n + r ⊙ q), h = (1-z) ⊙ n + z ⊙ h_before; a_n + r ⊙ q takes the place of a_n. False when an a is not
  /// finite.
  @inlinable
  public static func gruForward(
    rows: Int, columns: Int, a: UnsafeMutablePointer<Self>, aStride: Int, q: UnsafePointer<Self>, qStride: Int,
    hBefore: UnsafePointer<Self>, h: UnsafeMutablePointer<Self>, stateStride: Int
  ) -> Bool {
    isDouble
      ? bpt_gru_forward_f64(rows, columns, a.f64, aStride, q.f64, qStride, hBefore.f64, h.f64, stateStride)
      : bpt_gru_forward_f32(rows, columns, a.f32, aStride, q.f32, qStride, hBefore.f32, h.f32, stateStride)
  }

  /// From the gradient by h to those by a (r, z, n; as x_t sees it in `da`, as h_before sees it in `dq`: r, z, q), and
  /// past the gates by h_before (nil: not wanted), added to what is there where it accumulates; returns Σ dh². dhBefore
  /// may be dh.
  @inlinable
  public static func gruBackward(
    rows: Int, columns: Int, a: UnsafePointer<Self>, aStride: Int, q: UnsafePointer<Self>, qStride: Int,
    hBefore: UnsafePointer<Self>, stateStride: Int, dh: UnsafePointer<Self>, gradientStride: Int,
    da: UnsafeMutablePointer<Self>, dq: UnsafeMutablePointer<Self>, daStride: Int,
    dhBefore: UnsafeMutablePointer<Self>?, accumulate: Bool
  ) -> Self {
    isDouble
      ? Self(
        bits: bpt_gru_backward_f64(
          rows, columns, a.f64, aStride, q.f64, qStride, hBefore.f64, stateStride, dh.f64, gradientStride, da.f64,
          dq.f64, daStride, dhBefore?.f64, accumulate))
      : Self(
        bits: bpt_gru_backward_f32(
          rows, columns, a.f32, aStride, q.f32, qStride, hBefore.f32, stateStride, dh.f32, gradientStride, da.f32,
          dq.f32, daStride, dhBefore?.f32, accumulate))
  }
}
