import CLinux
import CSystemd
import Glibc
import NIOConcurrencyHelpers
package import ReeveProcess

/// Processes as transient units of systemd (`org.freedesktop.systemd1(5)`).
///
/// A unit keeps the end of its process until it is released: an agent that was not there finds it.
package final class SystemdUnits: UnitManager {
    private typealias Waiter = CheckedContinuation<Result<UnitState, StartError>, Never>

    private struct Start {
        let unit: UnitSpecification
        let waiter: Waiter
        /// The manager has been asked for it.
        var isAsked = false
        /// The result of its job, once that is known.
        var job: String?
    }

    private typealias Reading = CheckedContinuation<Result<UnitState?, StartError>, Never>

    private struct State {
        /// Units that have not come to their process.
        var starts: [String: Start] = [:]
        var readings: [UInt64: Reading] = [:]
        var watches: [String: @Sendable (UnitState?) -> Void] = [:]
        /// What has been told nobody yet who has answered.
        var releases: [String: @Sendable () -> Void] = [:]
        var lastReading: UInt64 = 0

        /// There is something that a new connection has to ask anew.
        var isWaiting: Bool { !starts.isEmpty || !watches.isEmpty || !releases.isEmpty }
    }

    private let bus: Bus
    private let state: NIOLockedValueBox<State>

    /// - Parameter isOfUser: The user's own service manager, not that of the system.
    package init(isOfUser: Bool) throws(StartError) {
        let state = NIOLockedValueBox(State())
        self.state = state
        bus = try Bus(
            isOfUser: isOfUser,
            isNeeded: { state.withLockedValue(\.isWaiting) },
            onConnect: { Self.connected($0, state) }
        )
    }

    /// Whether there is such a manager: the host was booted by systemd (`sd_booted(3)`), and a user's has its bus.
    package static func isThere(ofUser isOfUser: Bool) -> Bool {
        guard sd_booted() > 0 else { return false }
        guard isOfUser else { return true }
        let folder = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) } ?? "/run/user/\(geteuid())"
        return access("\(folder)/bus", F_OK) == 0
    }

    /// After this nothing is heard of units any more. Waits, for up to two seconds, until what was released is.
    package func close() {
        bus.stop()
    }

    // MARK: UnitManager

    package func start(_ unit: UnitSpecification) async throws(StartError) -> UnitState {
        let text = Array(UnitMessage.environmentText(unit.process.environment).utf8)
        let file = text.withUnsafeBytes { clinux_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else { throw StartError(.descriptors, errno: -file) }
        let message = UnitMessage(unit: unit, environmentFile: "/proc/\(getpid())/fd/\(file)")
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                let isWanted = state.withLockedValue { state in
                    guard !Task.isCancelled else { return false }
                    state.starts[unit.name] = Start(unit: unit, waiter: waiter)
                    return true
                }
                guard isWanted else { return waiter.resume(returning: .failure(Self.canceled)) }
                bus.perform { [state] connection in
                    guard let connection else {
                        return Self.finish(unit.name, .failure(Self.failure(BusError(number: ENOTCONN))), nil, state)
                    }
                    let isWanted = state.withLockedValue { state in
                        state.starts[unit.name]?.isAsked = true
                        return state.starts[unit.name] != nil
                    }
                    guard isWanted else { return }
                    Self.start(message, connection, state)
                }
            }
        } onCancel: {
            Self.finish(unit.name, .failure(Self.canceled), nil, state)
        }
        // The manager reads it before it executes the program. Where nobody waits for that any more it has to stay: its
        // number could be that of another one by then.
        if case .failure(let error) = result, error.isUndecided { throw error }
        Glibc.close(file)
        return try result.get()
    }

    package func state(_ name: String) async throws(StartError) -> UnitState? {
        let id = state.withLockedValue { state in
            state.lastReading += 1
            return state.lastReading
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Reading) in
                let isWanted = state.withLockedValue { state in
                    guard !Task.isCancelled else { return false }
                    state.readings[id] = waiter
                    return true
                }
                guard isWanted else { return waiter.resume(returning: .failure(Self.canceled)) }
                bus.perform { [state] connection in
                    guard let connection else {
                        return Self.answer(id, .failure(Self.failure(BusError(number: ENOTCONN))), state)
                    }
                    Self.read(name, connection) { Self.answer(id, $0.map(\.state).mapError(Self.failure), state) }
                }
            }
        } onCancel: {
            Self.answer(id, .failure(Self.canceled), state)
        }
        return try result.get()
    }

    private static let canceled = StartError(.serviceManager, errno: ECANCELED)

    private static func answer(
        _ reading: UInt64,
        _ result: Result<UnitState?, StartError>,
        _ state: NIOLockedValueBox<State>
    ) {
        state.withLockedValue { $0.readings.removeValue(forKey: reading) }?.resume(returning: result)
    }

    package func watch(_ name: String, _ onEnd: @escaping @Sendable (UnitState?) -> Void) {
        state.withLockedValue { $0.watches[name] = onEnd }
        // Without a connection: when there is one again.
        bus.perform { [state] connection in
            if let connection { Self.watch(name, connection, state) }
        }
    }

    package func release(_ name: String, _ done: @escaping @Sendable () -> Void) {
        let watch = state.withLockedValue { state in
            state.releases[name] = done
            return state.watches.removeValue(forKey: name)
        }
        // Whoever waits for its end will hear nothing more of it.
        watch?(nil)
        bus.perform { [state] connection in
            guard let connection else { return }
            connection.unmatch(Self.changesRule(name))
            Self.release(name, connection, state)
        }
    }

    // MARK: On the bus's thread

    private static let path = "/org/freedesktop/systemd1"
    private static let interface = "org.freedesktop.systemd1.Manager"
    /// In milliseconds, before what could not be asked is asked again.
    private static let pause = 500

    /// What was asked of the connection before is asked anew.
    private static func connected(_ connection: BusConnection, _ state: NIOLockedValueBox<State>) {
        subscribe(connection)
        let asked = state.withLockedValue { $0 }
        // The others are about to be asked for.
        let starts = asked.starts.filter(\.value.isAsked).keys
        if !starts.isEmpty { matchJobs(connection, state) }
        for name in starts { look(name, connection, state) }
        for name in asked.watches.keys { watch(name, connection, state) }
        for name in asked.releases.keys { release(name, connection, state) }
    }

    private static func subscribe(_ connection: BusConnection) {
        connection.call(path: path, interface: interface, member: "Subscribe") { [weak connection] reply in
            guard case .failure = reply, let connection else { return }
            connection.later(pause) { subscribe($0) }
        }
    }

    private static func matchJobs(_ connection: BusConnection, _ state: NIOLockedValueBox<State>) {
        connection.match(jobRule) { [weak connection] reader in
            guard let connection, let (unit, result) = reader.job() else { return }
            let isIdle = state.withLockedValue { state in
                state.starts[unit]?.job = result
                return state.starts.isEmpty
            }
            // The last was given up.
            if isIdle { connection.unmatch(jobRule) }
            look(unit, connection, state)
        }
    }

    private static func start(
        _ message: UnitMessage,
        _ connection: BusConnection,
        _ state: NIOLockedValueBox<State>
    ) {
        let name = message.unit.name
        matchJobs(connection, state)
        connection.call(
            path: path,
            interface: interface,
            member: "StartTransientUnit",
            { (made: borrowing BusMessage) throws(BusError) in try message.write(to: made) }
        ) { [weak connection] reply in
            guard case .failure(let error) = reply else { return }
            guard error.isLost else { return finish(name, .failure(failure(error)), connection, state) }
            // Nobody knows whether it was taken over: whoever is there now is asked.
            connection?.later(pause) { look(name, $0, state) }
        }
    }

    /// Finds out what has become of a start.
    private static func look(_ name: String, _ connection: BusConnection, _ states: NIOLockedValueBox<State>) {
        guard let start = states.withLockedValue({ $0.starts[name] }) else { return }
        read(name, connection) { [weak connection] found in
            guard let connection else { return }
            guard case .success(let properties) = found else {
                return connection.later(pause) { look(name, $0, states) }
            }
            switch properties.start(of: start.unit, job: states.withLockedValue { $0.starts[name]?.job }) {
            case .waiting: connection.later(pause) { look(name, $0, states) }
            case .started(let state): finish(name, .success(state), connection, states)
            case .failed(let error):
                states.withLockedValue { $0.releases[name] = {} }
                release(name, connection, states)
                finish(name, .failure(error), connection, states)
            }
        }
    }

    private static func finish(
        _ name: String,
        _ result: Result<UnitState, StartError>,
        _ connection: BusConnection?,
        _ state: NIOLockedValueBox<State>
    ) {
        let (start, isLast) = state.withLockedValue { ($0.starts.removeValue(forKey: name), $0.starts.isEmpty) }
        // Nobody is woken by other jobs of the host while nothing is being started.
        if isLast { connection?.unmatch(jobRule) }
        start?.waiter.resume(returning: result)
    }

    private static func watch(_ name: String, _ connection: BusConnection, _ state: NIOLockedValueBox<State>) {
        connection.match(changesRule(name)) { [weak connection] _ in
            if let connection { lookForEnd(name, connection, state) }
        }
        lookForEnd(name, connection, state)
    }

    private static func lookForEnd(_ name: String, _ connection: BusConnection, _ state: NIOLockedValueBox<State>) {
        guard state.withLockedValue({ $0.watches[name] != nil }) else { return }
        read(name, connection) { [weak connection] found in
            guard let connection else { return }
            guard case .success(let properties) = found else {
                return connection.later(pause) { lookForEnd(name, $0, state) }
            }
            let unit = properties.state
            if let unit, unit.end == nil { return }
            connection.unmatch(changesRule(name))
            state.withLockedValue { $0.watches.removeValue(forKey: name) }?(unit)
        }
    }

    private static func read(
        _ name: String,
        _ connection: BusConnection,
        _ done: @escaping (Result<UnitProperties, BusError>) -> Void
    ) {
        connection.call(
            path: unitPath(name),
            interface: "org.freedesktop.DBus.Properties",
            member: "GetAll",
            // Of all its interfaces.
            { (message: borrowing BusMessage) throws(BusError) in try message.append("") }
        ) { reply in
            done(reply.flatMap { reader in Result { () throws(BusError) in try UnitProperties(reader) } })
        }
    }

    /// Both at once, so that what is asked next comes after them: one that has failed is kept until it is reset, and any
    /// other has nothing to reset, and says so.
    private static func release(_ name: String, _ connection: BusConnection, _ state: NIOLockedValueBox<State>) {
        connection.call(
            path: path,
            interface: interface,
            member: "StopUnit",
            { (message: borrowing BusMessage) throws(BusError) in
                try message.append(name)
                try message.append("replace")
            }
        ) { _ in }
        connection.call(
            path: path,
            interface: interface,
            member: "ResetFailedUnit",
            { (message: borrowing BusMessage) throws(BusError) in try message.append(name) }
        ) { [weak connection] reply in
            guard case .failure(let error) = reply, error.isLost else {
                state.withLockedValue { $0.releases.removeValue(forKey: name) }?()
                return
            }
            connection?.later(pause) { release(name, $0, state) }
        }
    }

    private static func failure(_ error: BusError) -> StartError {
        StartError(.serviceManager, errno: error.number, detail: error.description)
    }

    private static func unitPath(_ name: String) -> String {
        var encoded: UnsafeMutablePointer<CChar>?
        guard sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, &encoded) >= 0, let encoded else { return "/" }
        defer { free(encoded) }
        return String(cString: encoded)
    }

    /// Of all units: by which one it is for, sd-bus can not tell signals whose first argument is a number.
    private static let jobRule =
        "type='signal',sender='org.freedesktop.systemd1',path='\(path)',interface='\(interface)',member='JobRemoved'"

    private static func changesRule(_ name: String) -> String {
        "type='signal',sender='org.freedesktop.systemd1',interface='org.freedesktop.DBus.Properties',"
            + "member='PropertiesChanged',path='\(unitPath(name))'"
    }
}

extension BusReader {
    /// The unit of a `JobRemoved`, and its result: `done`, `failed` and their like.
    fileprivate func job() -> (unit: String, result: String)? {
        var id: UInt32 = 0
        guard sd_bus_message_read_basic(raw, CChar("u"), &id) > 0, text("o") != nil,
            let unit = text(), let result = text()
        else { return nil }
        return (unit, result)
    }
}
