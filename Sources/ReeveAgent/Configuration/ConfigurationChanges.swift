import JSON
import ReeveProtocol

/// What another configuration changes.
struct ConfigurationChanges: Sendable {
    struct Change: Sendable, Hashable {
        enum Kind: String, Sendable {
            case added, changed, removed
        }

        /// As a JSON Pointer into the file; an endpoint by its name.
        let path: String
        let kind: Kind
        /// What it says; endpoints, which may hold secrets, do not say it.
        let values: Values?
        /// Whose name it is, if an endpoint's.
        let endpoint: String?
        /// Of an endpoint that is removed: how many changes it has not got, which go with it.
        var undelivered: Int?

        struct Values: Sendable, Hashable {
            var from: JSON
            var to: JSON
        }

        init(_ key: ConfigurationKey, from: JSON, to: JSON) {
            path = key.path
            kind = .changed
            values = Values(from: from, to: to)
            endpoint = nil
        }

        init(endpoint name: String, _ kind: Kind) {
            path = "/endpoints/\(name)"
            self.kind = kind
            values = nil
            endpoint = name
        }
    }

    /// What counts from now on.
    var changed: [Change] = []
    /// What counts from the next start of the agent on.
    var needsStart: [Change] = []
    /// The parts of the agent that have to begin anew.
    var parts: Set<String> = []
    /// The configuration that counts from now on.
    var next: Configuration

    init(from old: Configuration, to new: Configuration) {
        next = old
        for key in ConfigurationKey.all {
            let (from, to) = (key.value(old), key.value(new))
            guard from != to else { continue }
            let change = Change(key, from: from, to: to)
            if key.effect == .start {
                needsStart.append(change)
                continue
            }
            changed.append(change)
            key.copy(new, &next)
            if case .parts(let parts) = key.effect { self.parts.formUnion(parts) }
        }
        next.endpoints = new.endpoints
        changed += Self.endpoints(from: old.endpoints, to: new.endpoints)
    }

    var isEmpty: Bool { changed.isEmpty && needsStart.isEmpty }

    private static func endpoints(from old: [EndpointDefinition], to new: [EndpointDefinition]) -> [Change] {
        // The last of a name is the one that counts, as in the store.
        func byName(_ endpoints: [EndpointDefinition]) -> [String: EndpointDefinition] {
            Dictionary(endpoints.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        }
        let (old, new) = (byName(old), byName(new))
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            let kind: Change.Kind
            switch (old[name], new[name]) {
            case (let from, let to) where from == to: return nil
            case (nil, _): kind = .added
            case (_, nil): kind = .removed
            default: kind = .changed
            }
            return Change(endpoint: name, kind)
        }
    }
}

extension ConfigurationChanges.Change {
    var json: JSON {
        var json: JSONObject = ["key": .string(path), "change": .string(kind.rawValue)]
        json["from"] = values?.from
        json["to"] = values?.to
        json["undelivered"] = undelivered.map { .number(String($0)) }
        return .object(json)
    }

    /// For people: `/runner/concurrency`, `/endpoints/ops (removed, with 4 undelivered changes)`.
    var words: String {
        guard kind != .changed else { return path }
        let lost = undelivered ?? 0
        return "\(path) (\(kind.rawValue)" + (lost > 0 ? ", with \(lost) undelivered changes)" : ")")
    }
}
