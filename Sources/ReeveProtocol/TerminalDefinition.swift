import JSON

/// The terminal that a step gets in the place of its standard streams.
package struct TerminalDefinition: Sendable, Hashable, Codable {
    /// Its size in characters, 1 to 1000; 80 and 24 if absent.
    package var columns: Int?
    package var rows: Int?

    package enum CodingKeys: String, CodingKey, CaseIterable { case columns, rows }

    package init(columns: Int? = nil, rows: Int? = nil) {
        self.columns = columns
        self.rows = rows
    }

    package static let sizes = 1...1000

    func problems(at path: String) -> [InvalidValue] {
        rangeProblems(columns, Self.sizes, at: path + "/columns") + rangeProblems(rows, Self.sizes, at: path + "/rows")
    }
}
