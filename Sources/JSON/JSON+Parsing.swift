extension JSON {
    /// The value of a whole JSON text.
    ///
    /// Strict as RFC 8259: UTF-8 without byte order mark, one value, nothing but blanks around it. A member's name may
    /// come twice, as there; who cares about that must look (`JSONCoder` refuses it).
    /// - Parameter maximumDepth: How deep arrays and objects may stand in each other.
    package init(parsing bytes: UnsafeRawBufferPointer, maximumDepth: Int = 64) throws(JSONSyntaxError) {
        var reader = JSONReader(bytes, maximumDepth: maximumDepth)
        self = try reader.readValue()
        try reader.finish()
    }

    package init(parsing bytes: [UInt8], maximumDepth: Int = 64) throws(JSONSyntaxError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONSyntaxError) in try JSON(parsing: buffer, maximumDepth: maximumDepth) }
        }
        self = try result.get()
    }

    package init(parsing text: String, maximumDepth: Int = 64) throws(JSONSyntaxError) {
        try self.init(parsing: [UInt8](text.utf8), maximumDepth: maximumDepth)
    }
}
