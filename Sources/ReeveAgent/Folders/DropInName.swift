/// What drop-in files are about, without what they say of it.
package struct DropInName: Sendable, Hashable {
    package enum Kind: String, Sendable, CustomStringConvertible {
        case task, service, endpoint

        package var description: String { rawValue }
    }

    package let kind: Kind
    package let name: String

    package init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }
}

extension DropInName: CustomStringConvertible {
    package var description: String { "\(kind) \(name)" }
}
