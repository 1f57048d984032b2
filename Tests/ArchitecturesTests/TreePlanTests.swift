import Testing

@testable import Architectures

@Suite struct TreePlanTests {
  @Test(arguments: [TreeShape.balanced, .chain], [1, 2, 3, 7, 8, 13, 64])
  func partsHoldEveryNodeAfterItsChildren(_ shape: TreeShape, _ leaves: Int) {
    let plan = TreePlan(shape, leaves: leaves)
    for count in [1, 2, 6, 100] {
      var done = Set<Int>()
      for part in plan.parts(nodesAtOnce: count) {
        #expect(!part.isEmpty && part.count <= count)
        for node in part where node >= leaves {
          let children = plan.nodes[node - leaves]
          #expect(done.contains(children.left) && done.contains(children.right))
        }
        // Nodes of one part are computed at once: they do not read one another.
        for node in part { #expect(done.insert(node).inserted) }
      }
      #expect(done.count == leaves + plan.nodes.count)
    }
  }
}
