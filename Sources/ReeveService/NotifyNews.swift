import ReeveProcess

/// What is new in what a process has said.
enum NotifyNews {
    /// More than this is asked for by nobody who means it, and no clock could wait for.
    private static let longestExtension = Duration.seconds(86_400)

    static func events(from old: NotifyState, to new: NotifyState) -> [ServiceMachine.Event] {
        var events: [ServiceMachine.Event] = []
        if let text = new.status, text != old.status { events.append(.saidStatus(text)) }
        if new.isReloading, !old.isReloading { events.append(.saidReloading) }
        if new.isReady, !old.isReady || old.isReloading { events.append(.saidReady) }
        if new.watchdogs != old.watchdogs { events.append(.saidAlive) }
        if let time = new.extension, new.extensions != old.extensions {
            events.append(.askedForTime(min(time, Self.longestExtension)))
        }
        if new.isStopping, !old.isStopping { events.append(.saidStopping) }
        if new.watchdogFailed, !old.watchdogFailed { events.append(.saidWatchdogFailed) }
        return events
    }
}
