/// A value in a report, to be shown to people and to become JSON.
package indirect enum ReportValue: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    /// Milliseconds since 1970.
    case time(Int64)
    case list([ReportValue])
    case object(ReportMembers)
}

/// The members of an object in a report, in the order in which they are to be shown. Each name is given once.
package struct ReportMembers: Sendable {
    package private(set) var all: [(name: String, value: ReportValue)]

    package init(_ all: [(name: String, value: ReportValue)] = []) {
        self.all = all
    }

    package mutating func append(_ name: String, _ value: ReportValue) {
        all.append((name, value))
    }

    package subscript(name: String) -> ReportValue? {
        all.first { $0.name == name }?.value
    }
}

extension ReportMembers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, ReportValue)...) {
        self.init(elements.map { (name: $0.0, value: $0.1) })
    }
}

extension ReportMembers: Equatable {
    /// The same members in whatever order.
    package static func == (left: ReportMembers, right: ReportMembers) -> Bool {
        left.byName == right.byName
    }

    private var byName: [String: ReportValue] {
        Dictionary(all.lazy.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

extension ReportValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension ReportValue: ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral {
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
}

extension ReportValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    package init(arrayLiteral elements: ReportValue...) { self = .list(elements) }

    package init(dictionaryLiteral elements: (String, ReportValue)...) {
        self = .object(ReportMembers(elements.map { (name: $0.0, value: $0.1) }))
    }
}
