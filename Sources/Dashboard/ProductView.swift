import Instruments

/// What the panel of Jacobian products shows.
package enum ProductView: String, Hashable, Sendable, CaseIterable {
  /// The memory path against the gated paths, for cells that have one.
  case memoryPath
  /// The singular values through time in one layer.
  case time
  /// Down the layers, at each step.
  case depth
  /// Along all paths through layers and time.
  case paths

  /// What it shows, for a message.
  var words: String {
    switch self {
    case .memoryPath: "the memory path against the gated paths"
    case .time: "through time, all singular values"
    case .depth: "down the layers, at each step"
    case .paths: "along all paths, through layers and time"
    }
  }
}

extension JacobianProductInstrument.Reading {
  /// What there is to show of the products.
  var views: [ProductView] {
    (memoryPath == nil ? [] : [.memoryPath]) + [.time] + (depth == nil ? [] : [.depth]) + (paths == nil ? [] : [.paths])
  }
}

extension DashboardState {
  /// What the panel of products shows now.
  package var shownProductView: ProductView {
    let views = lane[JacobianProductInstrument.self]?.views ?? []
    return productView.flatMap { views.contains($0) ? $0 : nil } ?? views.first ?? .time
  }

  /// The next of the products' views.
  mutating func nextProductView() {
    let views = lane[JacobianProductInstrument.self]?.views ?? []
    guard views.count > 1, let here = views.firstIndex(of: shownProductView) else {
      message = Message("Jacobian product: one view with this network; gated cells and stacked layers have more")
      return
    }
    let next = views[(here + 1) % views.count]
    productView = next
    message = Message("Jacobian product: \(next.words)")
    if zoomed == nil { show(.jacobianProduct) }
  }

  /// The number of layers of the pass that is shown.
  package var layers: Int { lane.readings?.layers ?? shown?.experiment?.shownLayers ?? 1 }

  /// The layer that the panels show, counted from 0: that of the readings, or the one that was asked for.
  package var shownLayer: Int { lane.readings?.layer ?? layer ?? layers - 1 }

  /// What that layer is called; nil where there is but one.
  package var layerWords: String? { layers > 1 ? lane.experiment.layerName(shownLayer, of: layers).long : nil }

  /// Looks into the next layer above or below.
  mutating func moveLayer(up: Bool) {
    let top = (newest?.experiment?.shownLayers ?? 1) - 1
    guard top > 0 else {
      message = Message("one layer: network.layers stacks more")
      return
    }
    let next = min(max(0, min(layer ?? top, top) + (up ? 1 : -1)), top)
    layer = next == top ? nil : next
    turnCursor()
    let isStack = lane.experiment.architecture.kind != .bidirectional
    let place = isStack ? " of \(top + 1)" + (next == top ? ", the top" : next == 0 ? ", the lowest" : "") : ""
    message = Message(lane.experiment.layerName(next, of: top + 1).long + place)
  }
}
