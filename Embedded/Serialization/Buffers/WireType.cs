namespace Orleans.Serialization.Buffers;

/// <summary>How a field's content is laid out: the low four bits of its tag. The numbers travel; they never change.</summary>
/// <remarks>
/// A message is one field. A field is a tag byte and a content. The high four bits of the tag are the difference of the field's id to the
/// one before it on the same level; 15 says that a varint with the rest of the difference follows. A reader skips a field by its wire type
/// alone, so it needs no knowledge of members that it lacks. Numbers are little-endian, varints have seven bits a byte, lowest first.
/// <para>Tracked contents are counted from 1 in the order of their tags; a <see cref="Reference"/> names an earlier one, and 0 is null.</para>
/// </remarks>
internal enum WireType : byte
{
    /// <summary>A varint. Signed numbers are folded: 0, -1, 1, -2 are 0, 1, 2, 3.</summary>
    VarInt = 0,

    /// <summary>Four bytes.</summary>
    Fixed32 = 1,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 2,

    /// <summary>A length as varint, and as many bytes.</summary>
    Bytes = 3,

    /// <summary>As <see cref="Bytes"/>, tracked.</summary>
    Blob = 4,

    /// <summary>Fields up to <see cref="End"/>. Each class of an inheritance chain is one level, the base first, divided by <see cref="Level"/>.</summary>
    Group = 5,

    /// <summary>As <see cref="Group"/>, tracked.</summary>
    Object = 6,

    /// <summary>A type as in <see cref="TypeSystem.TypeSpec"/>, then one more field: a value whose type is not the declared one.</summary>
    Typed = 7,

    /// <summary>The number of an earlier tracked content as varint; 0 is null.</summary>
    Reference = 8,

    /// <summary>The level ends and the one of the derived class begins. No content.</summary>
    Level = 14,

    /// <summary>The group ends. No content.</summary>
    End = 15,
}
