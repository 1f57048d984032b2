// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "bpttop",
  products: [
    .executable(name: "bpttop", targets: ["bpttop"]),
    .library(name: "LinearAlgebra", targets: ["LinearAlgebra"]),
    .library(name: "RecurrentNetworks", targets: ["RecurrentNetworks"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "GradientFlow", targets: ["GradientFlow"]),
    .library(name: "Architectures", targets: ["Architectures"]),
    .library(name: "Instruments", targets: ["Instruments"]),
    .library(name: "Experiments", targets: ["Experiments"]),
    .library(name: "Canvas", targets: ["Canvas"]),
    .library(name: "Lessons", targets: ["Lessons"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncursesw5-dev"])]),
    .systemLibrary(name: "CLAPACK", providers: [.apt(["liblapack-dev"])]),
    .target(name: "CKernels"),
    .target(name: "CTerminalGuard"),
    .target(name: "CDemoText"),
    .target(name: "LinearAlgebra", dependencies: ["CKernels", "CLAPACK"]),
    .target(name: "RecurrentNetworks", dependencies: ["LinearAlgebra"]),
    .target(
      name: "Training",
      dependencies: [
        "Architectures", "RecurrentNetworks", "CDemoText",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(name: "GradientFlow", dependencies: ["RecurrentNetworks"]),
    .target(name: "Architectures", dependencies: ["GradientFlow"]),
    .target(name: "Instruments", dependencies: ["GradientFlow", "Training"]),
    .target(
      name: "Experiments",
      dependencies: ["Instruments", .product(name: "Yams", package: "Yams")]),
    .target(name: "Sources", dependencies: ["Experiments"]),
    .target(name: "Sweeps", dependencies: ["Experiments", "Canvas"]),
    .target(name: "Canvas"),
    .target(
      name: "Lessons",
      dependencies: ["Canvas", "Experiments", "CDemoText", .product(name: "Yams", package: "Yams")]),
    .target(
      name: "Dashboard",
      dependencies: [
        "Instruments", "Sources", "Experiments", "Canvas", "Lessons",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    .target(name: "Panels", dependencies: ["Dashboard"]),
    .target(
      name: "Reports",
      dependencies: [
        "Panels", "Experiments", "Instruments", "GradientFlow", "Sources", "Sweeps", "Canvas", "Training",
      ]),
    .target(name: "Terminal", dependencies: ["Canvas", "CNcurses", "CTerminalGuard"]),
    .executableTarget(
      name: "bpttop",
      dependencies: [
        "Panels", "Experiments", "Lessons", "Reports", "Sweeps", "Terminal",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"], exclude: ["Fixtures"]),
    .testTarget(name: "RecurrentNetworksTests", dependencies: ["RecurrentNetworks"], exclude: ["Fixtures"]),
    .testTarget(name: "TrainingTests", dependencies: ["Training", "GradientFlow"], exclude: ["Fixtures"]),
    .testTarget(name: "GradientFlowTests", dependencies: ["GradientFlow"], exclude: ["Fixtures"]),
    .testTarget(name: "ArchitecturesTests", dependencies: ["Architectures"], exclude: ["Fixtures"]),
    .testTarget(name: "InstrumentsTests", dependencies: ["Instruments"]),
    .testTarget(name: "SourcesTests", dependencies: ["Sources"], exclude: ["Fixtures"]),
    .testTarget(name: "ExperimentsTests", dependencies: ["Experiments"], exclude: ["Fixtures"]),
    .testTarget(name: "SweepsTests", dependencies: ["Sweeps"]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports"]),
    .testTarget(name: "CanvasTests", dependencies: ["Canvas"]),
    .testTarget(name: "LessonsTests", dependencies: ["Lessons", "Panels"]),
    .testTarget(name: "DashboardTests", dependencies: ["Panels"], exclude: ["Fixtures"]),
    .testTarget(name: "TerminalTests", dependencies: ["Terminal", "Panels"]),
    .testTarget(name: "EndToEndTests"),
  ]
)
