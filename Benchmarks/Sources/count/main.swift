import Glibc
import Operations

// Does one operation so many times, and nothing else, so that an instrument around the process can count what that takes:
//
//   count                     lists the operations, each with the repetitions that are proposed
//   count NAME REPETITIONS    does it; the printed sum says only that it was done

/// In a function, so that everything is given back before the process ends.
func run(_ arguments: [String]) throws -> CInt {
  if arguments.isEmpty {
    for operation in Operation.all { print(operation.name, operation.repetitions) }
    return 0
  }
  guard arguments.count == 2, let repetitions = Int(arguments[1]), repetitions > 0,
    let operation = Operation.all.first(where: { $0.name == arguments[0] })
  else {
    print("usage: count [NAME REPETITIONS]")
    return 2
  }
  let work = try operation.prepare()
  print(try work(repetitions))
  return 0
}

exit(try run(Array(CommandLine.arguments.dropFirst())))
