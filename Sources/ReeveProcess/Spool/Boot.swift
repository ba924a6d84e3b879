import Glibc

/// One run of the host's kernel, by the random number that it gives itself.
struct Boot: Equatable, Sendable {
    var high: UInt64
    var low: UInt64

    static let unknown = Boot(high: 0, low: 0)
    /// ``unknown`` where `/proc` does not say.
    static let current = Boot(text: readFile("/proc/sys/kernel/random/boot_id", limit: 64) ?? [])

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// From hexadecimal digits in groups, such as `1b4e28ba-2fa1-11d2-883f-0016d3cca427`.
    init(text: [UInt8]) {
        let digits = String(decoding: text, as: UTF8.self).filter { $0.isHexDigit }
        high = UInt64(digits.prefix(16), radix: 16) ?? 0
        low = UInt64(digits.dropFirst(16), radix: 16) ?? 0
    }
}
