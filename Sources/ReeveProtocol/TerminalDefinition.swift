import JSON

/// The terminal that a step gets in the place of its standard streams.
package struct TerminalDefinition: Sendable, Hashable, Codable {
    /// Its size in characters, within ``sizes``; 80 and 24 if absent.
    package var columns: Int?
    package var rows: Int?

    package enum CodingKeys: String, CodingKey, CaseIterable { case columns, rows }

    package init(columns: Int? = nil, rows: Int? = nil) {
        self.columns = columns
        self.rows = rows
    }

    package static let sizes = 1...1000

    /// As near to a window's as there may be.
    package init(window columns: Int, _ rows: Int) {
        func size(_ count: Int) -> Int { min(max(count, Self.sizes.lowerBound), Self.sizes.upperBound) }
        self.init(columns: size(columns), rows: size(rows))
    }

    func problems(at path: String) -> [InvalidValue] {
        rangeProblems(columns, Self.sizes, at: path + "/columns") + rangeProblems(rows, Self.sizes, at: path + "/rows")
    }
}
