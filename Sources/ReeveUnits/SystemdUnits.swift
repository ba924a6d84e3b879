import CLinux
import CSystemd
import Glibc
import NIOConcurrencyHelpers
package import ReeveProcess

/// Processes as transient units of systemd (`org.freedesktop.systemd1(5)`).
///
/// A unit keeps the end of its process until it is released: an agent that was not there finds it.
package final class SystemdUnits: UnitManager {
    private typealias Start = CheckedContinuation<Result<UnitState, StartError>, Never>

    private struct State {
        /// Units whose job has not ended.
        var starts: [String: (unit: UnitSpecification, waiter: Start)] = [:]
        var watches: [String: @Sendable (UnitState?) -> Void] = [:]
    }

    private let bus: Bus
    private let state: NIOLockedValueBox<State>

    /// - Parameter isOfUser: The user's own service manager, not that of the system.
    package init(isOfUser: Bool) throws(StartError) {
        let state = NIOLockedValueBox(State())
        self.state = state
        bus = try Bus(isOfUser: isOfUser) { Self.connected($0, state) }
    }

    /// Whether the host was booted by systemd (`sd_booted(3)`).
    package static var isThere: Bool { sd_booted() > 0 }

    /// After this nothing is heard of units any more.
    package func close() {
        bus.stop()
    }

    // MARK: UnitManager

    package func start(_ unit: UnitSpecification) async throws(StartError) -> UnitState {
        let text = Array(UnitMessage.environmentText(unit.process.environment).utf8)
        let file = text.withUnsafeBytes { clinux_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else { throw StartError(.descriptors, errno: -file) }
        // The manager reads it before it executes the program.
        defer { Glibc.close(file) }
        let message = UnitMessage(unit: unit, environmentFile: "/proc/\(getpid())/fd/\(file)")
        let result = await withCheckedContinuation { (waiter: Start) in
            bus.perform { [state] connection in
                guard let connection else {
                    return waiter.resume(returning: .failure(Self.failure(BusError(number: ENOTCONN))))
                }
                state.withLockedValue { $0.starts[unit.name] = (unit, waiter) }
                Self.start(message, connection, state)
            }
        }
        return try result.get()
    }

    package func state(_ name: String) async throws(StartError) -> UnitState? {
        let result: Result<UnitState?, BusError> = await withCheckedContinuation { waiter in
            bus.perform { connection in
                guard let connection else { return waiter.resume(returning: .failure(BusError(number: ENOTCONN))) }
                Self.read(name, connection) { waiter.resume(returning: $0.map(\.state)) }
            }
        }
        do {
            return try result.get()
        } catch {
            throw Self.failure(error)
        }
    }

    package func watch(_ name: String, _ onEnd: @escaping @Sendable (UnitState?) -> Void) {
        state.withLockedValue { $0.watches[name] = onEnd }
        // Without a connection: when there is one again.
        bus.perform { [state] connection in
            if let connection { Self.watch(name, connection, state) }
        }
    }

    package func release(_ name: String) {
        state.withLockedValue { $0.watches[name] = nil }
        bus.perform { connection in
            guard let connection else { return }
            connection.unmatch(Self.changesRule(name))
            Self.release(name, connection)
        }
    }

    // MARK: On the bus's thread

    private static let path = "/org/freedesktop/systemd1"
    private static let interface = "org.freedesktop.systemd1.Manager"

    /// What was asked of the connection before is asked anew.
    private static func connected(_ connection: BusConnection, _ state: NIOLockedValueBox<State>) {
        connection.call(path: path, interface: interface, member: "Subscribe") { _ in }
        let (starts, watches) = state.withLockedValue { (Array($0.starts.keys), Array($0.watches.keys)) }
        for name in starts { jobEnded(name, "lost", connection, state) }
        for name in watches { watch(name, connection, state) }
    }

    private static func start(
        _ message: UnitMessage,
        _ connection: BusConnection,
        _ state: NIOLockedValueBox<State>
    ) {
        let name = message.unit.name
        connection.match(jobRule) { [weak connection] reader in
            guard let connection, let (unit, result) = reader.job() else { return }
            jobEnded(unit, result, connection, state)
        }
        connection.call(
            path: path,
            interface: interface,
            member: "StartTransientUnit",
            { (made: borrowing BusMessage) throws(BusError) in try message.write(to: made) }
        ) { [weak connection] reply in
            guard case .failure(let error) = reply else { return }
            // With the connection gone nobody knows whether it was started; the next one is asked.
            guard error.number != ECONNRESET else { return }
            finish(name, .failure(failure(error)), connection, state)
        }
    }

    private static func jobEnded(
        _ name: String,
        _ result: String,
        _ connection: BusConnection,
        _ states: NIOLockedValueBox<State>
    ) {
        guard let unit = states.withLockedValue({ $0.starts[name]?.unit }) else { return }
        read(name, connection) { [weak connection] found in
            switch found {
            case .failure(let error): finish(name, .failure(failure(error)), connection, states)
            case .success(let properties):
                if let state = properties.state, result == "done" || (result == "lost" && state.pid != 0) {
                    return finish(name, .success(state), connection, states)
                }
                if let connection { release(name, connection) }
                finish(name, .failure(failure(properties, job: result, unit)), connection, states)
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
        let look = { [weak connection] in
            guard let connection else { return }
            read(name, connection) { found in
                guard case .success(let properties) = found else { return }
                let unit = properties.state
                if let unit, unit.end == nil { return }
                connection.unmatch(changesRule(name))
                state.withLockedValue { $0.watches.removeValue(forKey: name) }?(unit)
            }
        }
        connection.match(changesRule(name)) { _ in look() }
        look()
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

    private static func release(_ name: String, _ connection: BusConnection) {
        connection.call(
            path: path,
            interface: interface,
            member: "StopUnit",
            { (message: borrowing BusMessage) throws(BusError) in
                try message.append(name)
                try message.append("replace")
            }
        ) { [weak connection] _ in
            // One that has failed is kept until then; any other is not, and says so.
            connection?.call(
                path: path,
                interface: interface,
                member: "ResetFailedUnit",
                { (message: borrowing BusMessage) throws(BusError) in try message.append(name) }
            ) { _ in }
        }
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

// MARK: - Failures

extension SystemdUnits {
    private static func failure(_ error: BusError) -> StartError {
        StartError(.serviceManager, errno: error.number, detail: error.description)
    }

    /// Why the process did not come to execute its program: the manager's own exit codes (`systemd.exec(5)`).
    private static func failure(_ properties: UnitProperties, job: String, _ unit: UnitSpecification) -> StartError {
        let what = "systemd says \(properties.result.isEmpty ? job : properties.result)"
        guard properties.processCode == 1 else { return StartError(.serviceManager, errno: EIO, detail: what) }
        let status = properties.processStatus
        let stage: StartError.Stage =
            switch status {
            case 200: .workingDirectory
            case 201: .nice
            case 203: .execute
            case 205: .limit
            case 216: .groups
            case 217: .user
            default: .serviceManager
            }
        // Which error it was the manager tells its log alone.
        let path = [.execute: unit.executable, .workingDirectory: unit.process.workingDirectory][stage]
        let number = path.map { access($0, X_OK) != 0 ? errno : EIO } ?? EIO
        return StartError(
            stage,
            errno: number,
            path: path,
            detail: number == EIO ? "\(what), with status \(status)" : nil
        )
    }
}

extension BusReader {
    /// The unit of a `JobRemoved`, and its result: `done`, `failed` and their like.
    fileprivate func job() -> (unit: String, result: String)? {
        var id: UInt32 = 0
        guard sd_bus_message_read_basic(raw, CChar(bitPattern: UInt8(ascii: "u")), &id) > 0, text("o") != nil,
            let unit = text(), let result = text()
        else { return nil }
        return (unit, result)
    }
}
