/// One place at which two values differ.
package struct JSONDifference: Sendable, Equatable {
    /// A JSON Pointer.
    package var path: String
    /// `nil`: there was nothing.
    package var before: JSON?
    /// `nil`: there is nothing any more.
    package var after: JSON?
}

extension JSON {
    /// Where it differs from an older value, in the order of the older one's members and then its own: the innermost
    /// members that do, and elements of arrays that are as long as each other; other arrays as wholes.
    package func differences(from old: JSON) -> [JSONDifference] {
        var found: [JSONDifference] = []
        Self.compare(old, self, at: "", &found)
        return found
    }

    private static func compare(_ old: JSON?, _ new: JSON?, at path: String, _ found: inout [JSONDifference]) {
        guard old != new else { return }
        switch (old, new) {
        case (.object(let old), .object(let new)):
            let names = old.members.map(\.name) + new.members.map(\.name).filter { old[$0] == nil }
            for name in names {
                compare(old[name], new[name], at: path + "/" + InvalidValue.escaped(name), &found)
            }
        case (.array(let old), .array(let new)) where old.count == new.count:
            for (index, pair) in zip(old, new).enumerated() { compare(pair.0, pair.1, at: "\(path)/\(index)", &found) }
        default: found.append(JSONDifference(path: path, before: old, after: new))
        }
    }
}
