import CSystemd
import Glibc

/// One connection (`sd-bus(3)`); used by the bus's thread only.
final class BusConnection {
    private let bus: OpaquePointer
    private var matches: [String: (slot: OpaquePointer, handler: UInt64)] = [:]
    private var retained: [UInt64: Handler] = [:]
    private var unanswered: [UInt64: (Result<BusReader, BusError>) -> Void] = [:]
    private var timers: [(due: UInt64, body: (BusConnection) -> Void)] = []
    private var lastID: UInt64 = 0
    /// Somebody has answered.
    private(set) var hasAnswered = false

    init(isOfUser: Bool) throws(BusError) {
        var made: OpaquePointer?
        try BusError.check(isOfUser ? sd_bus_open_user(&made) : sd_bus_open_system(&made))
        guard let made else { throw BusError(number: ENOMEM) }
        bus = made
    }

    deinit {
        for match in matches.values { sd_bus_slot_unref(match.slot) }
        sd_bus_close_unref(bus)
        for done in unanswered.values { done(.failure(BusError(number: ECONNRESET))) }
    }

    /// Does what is next. Whether there may be more.
    func process() throws(BusError) -> Bool {
        let now = Self.now
        let due = timers.filter { $0.due <= now }
        timers.removeAll { $0.due <= now }
        for timer in due { timer.body(self) }
        return try BusError.check(sd_bus_process(bus, nil)) > 0
    }

    /// There are calls that are not answered.
    var isBusy: Bool { !unanswered.isEmpty }

    /// Does something in so many milliseconds, if there still is this connection.
    func later(_ milliseconds: Int, _ body: @escaping (BusConnection) -> Void) {
        timers.append((Self.now + UInt64(milliseconds) * 1000, body))
    }

    /// In microseconds, on the clock that sd-bus has.
    static var now: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
    }

    var descriptor: CInt { sd_bus_get_fd(bus) }
    var events: Int16 { Int16(truncatingIfNeeded: max(0, sd_bus_get_events(bus))) }

    /// In milliseconds until there is something to do; -1: not before something comes.
    var timeout: CInt {
        var due: UInt64 = .max
        if sd_bus_get_timeout(bus, &due) < 0 { due = .max }
        due = min(due, timers.map(\.due).min() ?? .max)
        guard due != .max else { return -1 }
        let now = Self.now
        return due <= now ? 0 : CInt(clamping: (due - now + 999) / 1000)
    }

    /// Calls a method; `done` is called once.
    func call(
        path: String,
        interface: String,
        member: String,
        _ fill: (borrowing BusMessage) throws(BusError) -> Void = { _ in },
        then done: @escaping (Result<BusReader, BusError>) -> Void
    ) {
        do throws(BusError) {
            var made: OpaquePointer?
            try BusError.check(
                sd_bus_message_new_method_call(bus, &made, "org.freedesktop.systemd1", path, interface, member)
            )
            guard let made else { throw BusError(number: ENOMEM) }
            let message = BusMessage(made)
            try fill(message)
            let handler = retain(
                Handler { [weak self] id, reply in
                    self?.retained[id] = nil
                    self?.unanswered[id] = nil
                    let result = Self.result(of: reply)
                    if case .success = result { self?.hasAnswered = true }
                    done(result)
                }
            )
            // However long it takes: one that is given up may be done all the same.
            let result = sd_bus_call_async(bus, nil, message.raw, Self.callback, handler.pointer, .max)
            if result < 0 { retained[handler.id] = nil }
            try BusError.check(result)
            unanswered[handler.id] = done
        } catch {
            done(.failure(error))
        }
    }

    /// Calls `handler` for each signal that the rule is for, until ``unmatch(_:)``.
    func match(_ rule: String, _ handler: @escaping (BusReader) -> Void) {
        guard matches[rule] == nil else { return }
        let kept = retain(Handler { _, message in handler(BusReader(raw: message)) })
        var slot: OpaquePointer?
        // Without a callback for its installation: a rule that the bus refuses breaks the connection, which is noticed.
        guard sd_bus_add_match_async(bus, &slot, rule, Self.callback, nil, kept.pointer) >= 0, let slot else {
            retained[kept.id] = nil
            return
        }
        matches[rule] = (slot, kept.id)
    }

    func unmatch(_ rule: String) {
        guard let match = matches.removeValue(forKey: rule) else { return }
        sd_bus_slot_unref(match.slot)
        retained[match.handler] = nil
    }

    private static func result(of reply: OpaquePointer) -> Result<BusReader, BusError> {
        guard let error = sd_bus_message_get_error(reply) else { return .success(BusReader(raw: reply)) }
        let number = sd_bus_message_get_errno(reply)
        let text = error.pointee.message.map { String(cString: $0) }
        return .failure(BusError(name: error.pointee.name.map { String(cString: $0) }, number: number, text))
    }

    /// What the library calls back, kept for as long as it may.
    private final class Handler {
        let body: (UInt64, OpaquePointer) -> Void
        var id: UInt64 = 0

        init(_ body: @escaping (UInt64, OpaquePointer) -> Void) {
            self.body = body
        }

        var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
    }

    private func retain(_ handler: Handler) -> Handler {
        lastID += 1
        handler.id = lastID
        retained[lastID] = handler
        return handler
    }

    private static let callback: sd_bus_message_handler_t = { message, data, _ in
        guard let message, let data else { return 0 }
        // Retained by the connection while the library has it, and here while it runs.
        let handler = Unmanaged<Handler>.fromOpaque(data).takeUnretainedValue()
        handler.body(handler.id, message)
        return 0
    }
}
