/// A field that cannot be used as it is, and what it has to be.
struct FieldFault: Sendable {
    var field: String
    let expected: String

    /// The first of these that is less than zero; what is `nil` is not looked at.
    static func negative(_ durations: [(field: String, value: Duration?)]) -> FieldFault? {
        for (field, value) in durations {
            if let value, value < .zero { return FieldFault(field: field, expected: "zero or more") }
        }
        return nil
    }

    /// The same as a field of the field of that name.
    func within(_ name: String) -> FieldFault {
        FieldFault(field: "\(name).\(field)", expected: expected)
    }
}
