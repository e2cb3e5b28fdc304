namespace Orleans;

/// <summary>Makes a foreign type serializable: its values travel as <typeparamref name="TSurrogate"/>, which carries <see cref="GenerateSerializerAttribute"/>.</summary>
/// <remarks>Implementations carry <see cref="RegisterConverterAttribute"/> and are shared by all threads.</remarks>
public interface IConverter<TValue, TSurrogate>
    where TSurrogate : struct
{
    /// <summary>The value that a surrogate stands for.</summary>
    TValue ConvertFromSurrogate(in TSurrogate surrogate);

    /// <summary>What to write in place of a value.</summary>
    TSurrogate ConvertToSurrogate(in TValue value);
}
