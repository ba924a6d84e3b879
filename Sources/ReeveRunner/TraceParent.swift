/// Where a step's process stands in a trace, as the W3C's Trace Context writes it (`traceparent`, version 00): the run is
/// the trace, each try of a step a span of it. So what instrumented programs of one run report belongs together, and can be
/// found by the run's id.
struct TraceParent: CustomStringConvertible {
    let trace: String
    let span: UInt64

    /// `nil` if the run's id is no UUID.
    init?(run: String, step: String, attempt: Int) {
        let digits = run.lowercased().filter { $0 != "-" }
        guard digits.utf8.count == 32, digits.allSatisfy(\.isHexDigit), digits.contains(where: { $0 != "0" }) else {
            return nil
        }
        trace = digits
        // FNV-1a, of 64 bits.
        let hash = "\(run)/\(step)/\(attempt)".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        span = max(hash, 1)
    }

    /// The last part: this is recorded.
    var description: String {
        let digits = String(span, radix: 16)
        return "00-\(trace)-\(String(repeating: "0", count: 16 - digits.count))\(digits)-01"
    }
}
