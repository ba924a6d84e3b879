package import ReeveProcess
package import ReeveProtocol

extension UnitDefinition {
    /// As systemd takes them; of a definition without problems.
    package var forUnit: [String: UnitProperty] {
        properties.reduce(into: [:]) { all, item in
            switch (Self.kinds[item.key], item.value) {
            case (.size, .text(let text)): all[item.key] = .number(UInt64(max(0, ByteSize(text)?.bytes ?? 0)))
            case (_, .number(let number)): all[item.key] = .number(UInt64(max(0, number)))
            case (.word, .flag(let flag)): all[item.key] = .text(flag ? "yes" : "no")
            case (_, .flag(let flag)): all[item.key] = .flag(flag)
            case (_, .text(let text)): all[item.key] = .text(text)
            case (_, .texts(let texts)): all[item.key] = .texts(texts)
            }
        }
    }
}
