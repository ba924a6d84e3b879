package import ReeveProcess
package import ReeveProtocol

extension CommandLauncher {
    /// Runs a short command to its end, and forgets it.
    ///
    /// One that does not end in time, or whose task is cancelled, is killed with all that it started, and is over when this
    /// returns.
    /// - Returns: How it ended; `nil` if it was killed.
    package func run(
        _ command: CommandDefinition,
        on occasion: Occasion,
        within limit: Duration,
        clock: any Clock<Duration>
    ) async throws(LaunchFailure) -> ProcessEnd? {
        _ = try start(command, on: occasion)
        let key = occasion.key
        let end = await withTaskGroup(of: ProcessEnd?.self) { [processes] group in
            group.addTask { await processes.ended(key) }
            group.addTask {
                // Cut short by cancellation, which ends it as well.
                try? await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if end == nil {
            // Also when this task is cancelled: what was started ends before this does.
            await Task { [processes] in
                _ = await processes.kill(key)
                _ = await processes.ended(key)
            }.value
        }
        processes.forget(key)
        cleanUp(occasion.scriptDirectory)
        return end
    }
}
