/// How long to wait after the n-th failure in a row.
package struct BackoffPolicy: Sendable, Equatable {
    /// Longer waits make no difference to anybody, and keep the arithmetic far from its bounds.
    private static let longest = 86_400.0 * 365

    /// The wait after the first failure; zero for none at all.
    package var delay: Duration
    /// By what the wait grows with each further failure: 0 (it does not grow) or at least 1.
    package var factor: Double
    /// The longest wait, before the jitter of ±10 %; zero for none.
    package var maximum: Duration
    /// A worker that ran as long as this begins anew with the first wait when it fails.
    package var resetAfter: Duration

    package init(
        delay: Duration = .seconds(1),
        factor: Double = 2,
        maximum: Duration = .seconds(60),
        resetAfter: Duration = .seconds(60)
    ) {
        self.delay = delay
        self.factor = factor
        self.maximum = maximum
        self.resetAfter = resetAfter
    }

    /// The first field that cannot be used.
    var fault: FieldFault? {
        if let fault = FieldFault.negative([("delay", delay), ("maximum", maximum), ("resetAfter", resetAfter)]) {
            return fault
        }
        guard factor == 0 || (factor >= 1 && factor.isFinite) else {
            return FieldFault(field: "factor", expected: "0 or at least 1")
        }
        return nil
    }

    /// The wait in whole milliseconds: `delay · factor^(failures − 1)`, capped, then spread by ±10 %.
    ///
    /// A `delay` of zero stays exactly zero.
    func wait(failures: Int, using generator: inout SplitMix64) -> Duration {
        guard delay > .zero else { return .zero }
        let growth = factor == 0 ? 1 : Self.power(factor, max(0, failures - 1))
        let cap = maximum > .zero ? min(maximum.inSeconds, Self.longest) : Self.longest
        let seconds = min(delay.inSeconds * growth, cap) * Double.random(in: 0.9..<1.1, using: &generator)
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }

    /// Infinite where it is too large, never less than 1: `base` is at least 1.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var rest = exponent
        while rest > 0, result.isFinite {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// Rounded towards zero.
    var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}

/// A small generator whose sequence is the same for the same seed, so that a machine can be driven again.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
