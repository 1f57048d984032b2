import Experiments
import Foundation
import Sweeps

/// A sweep on more than one machine: the same points, through an engine that is there.
struct SweepCluster {
  private let folder: SweepFolder
  private let chunk: Int
  private let program: String, path: String

  init(_ folder: SweepFolder, chunk: Int) throws {
    guard folder.plan.halving == nil else {
      throw InputError(
        file: folder.path, problem: "found a sweep with --halving, expected one without: its rungs wait for each other")
    }
    (self.folder, self.chunk) = (folder, chunk)
    program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    path = URL(fileURLWithPath: folder.path).standardizedFileURL.path
  }

  private var points: Int { folder.plan.settingCount * folder.plan.seeds }
  private var jobs: Int { (points + chunk - 1) / chunk }

  /// Writes the job script, and hands it to sbatch.
  func submitToSlurm() throws {
    let script = """
      #!/bin/bash
      # An array of jobs, each of \(chunk) points of the sweep. A point that is done is not run again.
      #SBATCH --job-name=bpttop-sweep
      #SBATCH --array=0-\(jobs - 1)
      #SBATCH --ntasks=1
      #SBATCH --cpus-per-task=1
      #SBATCH --requeue
      #SBATCH --output=\(path)/slurm-%A_%a.log
      from=$((SLURM_ARRAY_TASK_ID * \(chunk)))
      exec \(quoted(program)) sweep \(quoted(path)) --jobs 1 --points "$from:$((from + \(chunk)))"

      """
    let file = path + "/slurm.sh"
    try OutputFile.write(script, to: file)
    guard let sbatch = Self.find("sbatch") else {
      throw Failure.input(
        "sbatch is not installed (Debian: apt-get install slurm-wlm); the job is in \(file): sbatch \(file) submits it")
    }
    try Self.run(sbatch, [file])
  }

  /// Runs the points as tasks of Ray, through its Python package.
  func runOnRay() throws {
    let file = path + "/ray_sweep.py"
    try OutputFile.write(Self.rayScript, to: file)
    guard let python = Self.find("python3") else {
      throw Failure.input("python3 is not installed (Debian: apt-get install python3); Ray is run by \(file)")
    }
    try Self.run(python, [file, program, path, "\(points)", "\(chunk)"])
  }

  private static let rayScript = """
    \"\"\"Runs the points of a bpttop sweep as tasks of Ray; the folder must be shared by all nodes.

    usage: ray_sweep.py PROGRAM FOLDER POINTS CHUNK
    \"\"\"
    import subprocess, sys

    try:
        import ray
    except ImportError:
        sys.exit("bpttop: Ray is not installed: pip install ray")

    program, folder, points, chunk = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    # A cluster that RAY_ADDRESS names, or one on this machine.
    ray.init(log_to_driver=False)


    @ray.remote(num_cpus=1, max_retries=3)
    def run(start):
        end = min(start + chunk, points)
        command = [program, "sweep", folder, "--jobs", "1", "--points", f"{start}:{end}"]
        result = subprocess.run(command, capture_output=True, text=True)
        return start, result.returncode, result.stderr.strip(), ray.util.get_node_ip_address()


    waiting = [run.remote(start) for start in range(0, points, chunk)]
    done = failed = 0
    while waiting:
        ready, waiting = ray.wait(waiting)
        start, code, error, node = ray.get(ready[0])
        done += 1
        if code:
            failed += 1
            print(f"points from {start} on {node}: {error}", file=sys.stderr)
        if sys.stderr.isatty():
            print(f"\\r{done} of {done + len(waiting)} tasks", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    sys.exit(subprocess.run([program, "sweep", folder]).returncode if not failed else 1)

    """

  private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }

  /// Where a program is; nil where it is not installed.
  private static func find(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program to its end; where it fails, so does this one.
  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure.run("\(program) ended with \(process.terminationStatus)")
    }
  }
}
