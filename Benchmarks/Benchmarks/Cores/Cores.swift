import Benchmark
import Operations

/// Times every operation. Instructions show only where a process may read the processor's counters, and then those of all
/// repetitions; `deploy/instructions.sh` counts them everywhere.
let benchmarks: @Sendable () -> Void = {
  let each = BenchmarkMetric.custom("ns each", polarity: .prefersSmaller, useScalingFactor: false)
  let rate = BenchmarkMetric.custom("MB/s", polarity: .prefersLarger, useScalingFactor: false)
  for operation in Operation.all {
    let metrics = operation.bytes == nil ? [each, .instructions] : [each, rate, .instructions]
    let configuration = Benchmark.Configuration(metrics: metrics, maxDuration: .seconds(1))
    Benchmark(operation.name, configuration: configuration) { benchmark in
      let work = try operation.prepare()
      benchmark.startMeasurement()
      let time = try ContinuousClock().measure { blackHole(try work(operation.repetitions)) } / operation.repetitions
      benchmark.stopMeasurement()
      benchmark.measurement(each, Int(time / .nanoseconds(1)))
      if let bytes = operation.bytes { benchmark.measurement(rate, Int(Double(bytes) / (time / .microseconds(1)))) }
    }
  }
}
