package import JSON

/// How runs become processes.
package enum RunnerKind: String, WireWord {
    /// The agent's own: they do not outlive it.
    case process
    /// Transient units of systemd: they go on while the agent is restarted or replaced.
    case systemd
}

/// What systemd is to do for a task's processes beyond running them: properties of their units by systemd's own names
/// (`systemd.exec(5)`, `systemd.resource-control(5)`), those that shut in or weigh and change nothing of what the agent
/// relies on.
package struct UnitDefinition: Sendable, Hashable {
    package var properties: [String: Value] = [:]

    package enum Value: Sendable, Hashable {
        case flag(Bool)
        case number(Int)
        case text(String)
        case texts([String])
    }

    /// What a property takes.
    package enum Kind: Sendable, Hashable {
        case flag
        case number(ClosedRange<Int>)
        /// Bytes, as a number or with a unit.
        case size
        case word([String])
        /// The name of a slice unit.
        case slice
        /// Absolute paths, each after `-`, which lets it be absent, if that is wanted.
        case paths

        package var expected: String {
            switch self {
            case .flag: "true or false"
            case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
            case .size: "a size such as 64MiB"
            case .word(let words): words.joined(separator: ", ")
            case .slice: "the name of a slice unit, such as batch.slice"
            case .paths: "a list of absolute paths"
            }
        }
    }

    private static let flags = [
        "LockPersonality", "MemoryDenyWriteExecute", "NoNewPrivileges", "PrivateDevices", "PrivateIPC",
        "PrivateNetwork",
        "PrivateTmp", "PrivateUsers", "ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs",
        "ProtectKernelModules", "ProtectKernelTunables", "RemoveIPC", "RestrictRealtime", "RestrictSUIDSGID",
    ]

    /// All that may be given.
    package static let kinds: [String: Kind] = Dictionary(uniqueKeysWithValues: flags.map { ($0, Kind.flag) }).merging([
        "CPUWeight": .number(1...10_000),
        "IOWeight": .number(1...10_000),
        "MemoryHigh": .size,
        "MemorySwapMax": .size,
        "ProtectSystem": .word(["no", "yes", "full", "strict"]),
        "ProtectHome": .word(["no", "yes", "read-only", "tmpfs"]),
        "OOMPolicy": .word(["stop", "continue", "kill"]),
        "ProtectProc": .word(["default", "noaccess", "invisible", "ptraceable"]),
        "ReadOnlyPaths": .paths,
        "ReadWritePaths": .paths,
        "InaccessiblePaths": .paths,
        "Slice": .slice,
    ]) { own, _ in own }

    package func problems() -> [InvalidValue] {
        properties.sorted { $0.key < $1.key }.compactMap { name, value in
            guard let kind = Self.kinds[name] else {
                return InvalidValue(
                    path: "/\(name)",
                    reason: "is no property that a task may set",
                    expected: Self.kinds.keys.sorted().joined(separator: ", "),
                    hint: nearest(name, among: Self.kinds.keys).map { "did you mean \"\($0)\"?" }
                )
            }
            guard !Self.fits(value, kind) else { return nil }
            return InvalidValue(path: "/\(name)", reason: "cannot be \(value.text)", expected: kind.expected)
        }
    }

    private static func fits(_ value: Value, _ kind: Kind) -> Bool {
        switch (kind, value) {
        case (.flag, .flag): true
        case (.number(let range), .number(let number)): range.contains(number)
        case (.size, .number(let number)): number >= 0
        case (.size, .text(let text)): ByteSize(text) != nil
        case (.word(let words), .text(let text)): words.contains(text)
        // As YAML reads them where they stand without quotes.
        case (.word(let words), .flag): words.contains("yes")
        case (.slice, .text(let text)): isSlice(text)
        case (.paths, .texts(let paths)): paths.allSatisfy(isPath)
        default: false
        }
    }

    private static func isSlice(_ text: String) -> Bool {
        text.hasSuffix(".slice") && text.utf8.count <= 255
            && text.utf8.dropLast(6).allSatisfy { $0.isLetterOrDigit || "-_.".utf8.contains($0) }
            && text.utf8.count > 6 && !text.hasPrefix("-")
    }

    private static func isPath(_ text: String) -> Bool {
        let path = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return path.hasPrefix("/") && !path.contains("\0") && !path.contains("\n")
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self)
    }
}

extension UnitDefinition.Value {
    fileprivate var text: String {
        switch self {
        case .flag(let value): String(value)
        case .number(let value): String(value)
        case .text(let value): "\"\(value)\""
        case .texts(let values): "[\(values.map { "\"\($0)\"" }.joined(separator: ", "))]"
        }
    }
}

extension UnitDefinition: Codable {
    package init(from decoder: any Decoder) throws {
        properties = try decoder.singleValueContainer().decode([String: Value].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(properties)
    }
}

extension UnitDefinition.Value: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([String].self) {
            self = .texts(value)
        } else {
            throw InvalidValue(
                at: decoder.codingPath,
                reason: "is no value of a property",
                expected: "true, false, a whole number, a text or a list of texts"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .flag(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .texts(let values): try container.encode(values)
        }
    }
}
