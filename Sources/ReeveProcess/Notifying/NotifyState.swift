/// What a process has said of itself so far, all its messages in one.
///
/// Nothing of it is checked: it is what the process, or anything else that runs as its user, has said.
package struct NotifyState: Sendable, Equatable {
    /// Rises with each message that said something known, and when another process becomes the main one
    /// (``ChildRecord/pid``).
    package internal(set) var version: UInt64 = 0
    /// `READY=1` came; and if a `RELOADING=1` came later, another `READY=1` after it.
    package internal(set) var isReady = false
    /// From `RELOADING=1` to the next `READY=1`.
    package internal(set) var isReloading = false
    /// `STOPPING=1` came.
    package internal(set) var isStopping = false
    /// The last `STATUS=`: one line without control characters, up to ``maximumStatus`` bytes; `nil` if it was empty.
    package internal(set) var status: String?
    /// The last `MAINPID=`, above 0.
    package internal(set) var mainPID: Int32?
    /// How many `MAINPID=` came.
    var mainPIDs: UInt64 = 0
    /// How many `WATCHDOG=1` came.
    package internal(set) var watchdogs: UInt64 = 0
    /// `WATCHDOG=trigger` came: it wants to be treated as if it had missed its watchdog's time.
    package internal(set) var watchdogFailed = false
    /// How many `EXTEND_TIMEOUT_USEC=` came.
    package internal(set) var extensions: UInt64 = 0
    /// How long it needs until it says more, counted from the last `EXTEND_TIMEOUT_USEC=`; any length up to 584,000
    /// years.
    package internal(set) var `extension`: Duration?

    package static let maximumStatus = 1024

    package init() {}
}

extension NotifyState {
    /// A longer message is cut behind the last line that is whole within this many bytes.
    static let maximumMessage = 4096

    /// Takes over what one datagram says. Whether it said anything known.
    ///
    /// - Parameter isCut: More than these bytes were sent.
    mutating func merge(_ message: some Collection<UInt8>, isCut: Bool = false) -> Bool {
        var lines = message.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if isCut { lines.removeLast() }
        var isKnown = false
        for line in lines {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: line[..<equals], as: UTF8.self)
            let value = String(decoding: line[equals...].dropFirst(), as: UTF8.self)
            if assign(value, to: name) { isKnown = true }
        }
        if isKnown { version += 1 }
        return isKnown
    }

    private mutating func assign(_ value: String, to name: String) -> Bool {
        switch (name, value) {
        case ("READY", "1"):
            isReady = true
            isReloading = false
        case ("RELOADING", "1"):
            isReady = false
            isReloading = true
        case ("STOPPING", "1"): isStopping = true
        case ("STATUS", _): status = Self.line(value)
        case ("WATCHDOG", "1"): watchdogs += 1
        case ("WATCHDOG", "trigger"): watchdogFailed = true
        default: return assignNumber(value, to: name)
        }
        return true
    }

    private mutating func assignNumber(_ value: String, to name: String) -> Bool {
        guard let number = Self.number(value) else { return false }
        switch name {
        case "MAINPID":
            guard number > 0, let pid = Int32(exactly: number) else { return false }
            mainPID = pid
            mainPIDs += 1
        case "EXTEND_TIMEOUT_USEC":
            extensions += 1
            `extension` = .microseconds(number)
        default: return false
        }
        return true
    }

    /// Digits and nothing else: no sign, no space.
    private static func number(_ text: String) -> UInt64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt64(text) : nil
    }

    /// For people to read: nothing in it can move a terminal's cursor.
    private static func line(_ text: String) -> String? {
        var line = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars where scalar.properties.generalCategory != .control {
            count += String(scalar).utf8.count
            if count > maximumStatus { break }
            line.append(scalar)
        }
        return line.isEmpty ? nil : String(line)
    }
}
