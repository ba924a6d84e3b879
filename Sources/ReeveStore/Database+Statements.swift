import GRDB
import JSON
import ReeveProtocol

extension DatabaseValue {
    static func text(_ value: String?) -> DatabaseValue { value?.databaseValue ?? .null }
    static func integer(_ value: Int64?) -> DatabaseValue { value?.databaseValue ?? .null }
    static func integer(_ value: Int?) -> DatabaseValue { integer(value.map(Int64.init)) }
    static func time(_ value: Timestamp?) -> DatabaseValue { integer(value?.milliseconds) }
    static func lane(_ lane: Lane) -> DatabaseValue { lane.name.databaseValue }
    static func json(_ value: JSON?) -> DatabaseValue { text(value?.text) }

    /// For `GLOB`: of what is special there only `*` is, which stands for any characters, also for none.
    static func pattern(_ value: String) -> DatabaseValue { globPattern(value).databaseValue }

    /// The JSON text of a value.
    static func encoded(_ value: (some Encodable)?) throws -> DatabaseValue {
        json(try value.map { try JSONCoder.encode($0) })
    }
}

/// Of what is special for `GLOB` only `*` stays so, which stands for any characters, also for none.
func globPattern(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { $0 += $1 == "[" || $1 == "?" ? "[\($1)]" : String($1) }
}

extension StatementArguments {
    /// One by one: GRDB takes an array by a key path, which costs as much as a small statement.
    fileprivate init(each values: [DatabaseValue]) {
        self.init(values.lazy.map { $0 as (any DatabaseValueConvertible)? })
    }
}

extension Database {
    /// Runs a statement that is prepared once; `sql` is one of few constant texts.
    func run(_ sql: String, _ values: [DatabaseValue] = []) throws {
        let statement = try cachedStatement(sql: sql)
        guard !values.isEmpty else { return try statement.execute() }
        try statement.execute(arguments: StatementArguments(each: values))
    }

    /// What a query finds, each row read by `read`.
    func all<Value>(_ sql: String, _ values: [DatabaseValue] = [], _ read: (Row) throws -> Value) throws -> [Value] {
        let rows = try Row.fetchCursor(try cachedStatement(sql: sql), arguments: StatementArguments(each: values))
        var result: [Value] = []
        while let row = try rows.next() { result.append(try read(row)) }
        return result
    }

    /// The first row that a query finds.
    func first<Value>(_ sql: String, _ values: [DatabaseValue] = [], _ read: (Row) throws -> Value) throws -> Value? {
        let rows = try Row.fetchCursor(try cachedStatement(sql: sql), arguments: StatementArguments(each: values))
        return try rows.next().map(read)
    }

    /// The first column of the first row, if it is an integer.
    func number(_ sql: String, _ values: [DatabaseValue] = []) throws -> Int64? {
        try first(sql, values) { $0[0] as Int64? } ?? nil
    }

    /// How many of its pages hold something. Both numbers are in the first page.
    func usedPages() throws -> Int {
        Int(try (number("PRAGMA page_count") ?? 0) - (number("PRAGMA freelist_count") ?? 0))
    }

    /// In bytes; it never changes.
    func pageSize() throws -> Int { Int(try number("PRAGMA page_size") ?? 0) }
}

extension Row {
    func text(_ column: Int) -> String? {
        self[column]
    }

    func time(_ column: Int) -> Timestamp? {
        (self[column] as Int64?).map(Timestamp.init(milliseconds:))
    }

    /// The value that a column has as JSON text; what later versions wrote beside it is passed over.
    func decoded<Value: Decodable>(_ column: Int, _ type: Value.Type = Value.self) throws -> Value? {
        guard let text = self[column] as String? else { return nil }
        return try JSONCoder.decode(type, from: try JSON(parsing: text), unknownFields: .ignore)
    }

    func json(_ column: Int) throws -> JSON? {
        try (self[column] as String?).map { try JSON(parsing: $0) }
    }
}
