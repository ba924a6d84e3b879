/// The name by which its owner knows a process, such as `RUN/STEP/ATTEMPT`.
///
/// It says nothing to this room. It is free again once the record is forgotten.
package struct ProcessKey: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
