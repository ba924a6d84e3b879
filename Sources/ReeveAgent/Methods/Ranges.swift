import JSON
import ReeveProtocol

/// A number of a call's parameters; `invalidParams` at `path` where it is not in the range.
func inRange(_ number: Int, _ range: ClosedRange<Int>, _ path: String) throws(Failure) -> Int {
    if let problem = rangeProblems(number, range, at: path).first { throw Failure(problem) }
    return number
}

/// How many items a page of a list has: 1 to 1,000, 100 where nothing is asked for.
func pageSize(_ limit: Int?) throws(Failure) -> Int {
    try inRange(limit ?? 100, 1...1000, "/limit")
}
