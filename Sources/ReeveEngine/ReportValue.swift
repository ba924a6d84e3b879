/// A value in a report, to be shown to people and to become JSON.
package indirect enum ReportValue: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    /// Milliseconds since 1970.
    case time(Int64)
    case list([ReportValue])
    case object([String: ReportValue])
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
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
