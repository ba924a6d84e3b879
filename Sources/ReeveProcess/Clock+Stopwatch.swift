extension Clock where Duration == Swift.Duration {
    /// Answers the time since it was made, whatever the clock is.
    package func stopwatch() -> @Sendable () -> Swift.Duration {
        let start = now
        return { start.duration(to: now) }
    }
}
