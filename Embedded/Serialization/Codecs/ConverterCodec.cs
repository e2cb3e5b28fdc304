using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>Finds the codecs of foreign types that have an <see cref="IConverter{TValue, TSurrogate}"/>.</summary>
internal static class ConverterCodec
{
    public static bool TryCreate(Type type, [NotNullWhen(true)] out Codec? codec)
    {
        codec = null;
        if (type.IsInterface || KnownAssemblies.FindRegistered(typeof(RegisterConverterAttribute), typeof(IConverter<,>), type) is not { } converter)
        {
            return false;
        }

        var arguments = converter.GetInterfaces()
            .First(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IConverter<,>) && candidate.GetGenericArguments()[0] == type)
            .GetGenericArguments();
        var definition = type.IsValueType ? typeof(ConvertedStructCodec<,,>) : typeof(ConvertedObjectCodec<,,>);
        codec = CodecTable.New(definition, arguments[0], arguments[1], converter);
        return true;
    }
}

/// <summary>Structs that travel as a surrogate.</summary>
internal sealed class ConvertedStructCodec<T, TSurrogate, TConverter> : Codec<T>
    where T : struct
    where TSurrogate : struct
    where TConverter : IConverter<T, TSurrogate>, new()
{
    private readonly TConverter _converter = new();

    public override void Write(ref Writer writer, uint delta, T value) =>
        CodecCache<TSurrogate>.Codec.Write(ref writer, delta, _converter.ConvertToSurrogate(in value));

    public override T Read(ref Reader reader, WireType wire)
    {
        var surrogate = CodecCache<TSurrogate>.Codec.Read(ref reader, wire);
        return _converter.ConvertFromSurrogate(in surrogate);
    }

    public override T Copy(T value, CopyContext context)
    {
        var surrogate = CodecCache<TSurrogate>.Copier.Copy(_converter.ConvertToSurrogate(in value), context);
        return _converter.ConvertFromSurrogate(in surrogate);
    }
}

/// <summary>Objects that travel as a surrogate.</summary>
internal sealed class ConvertedObjectCodec<T, TSurrogate, TConverter>()
    : SurrogateCodec<T, TSurrogate>(value => Converter.ConvertToSurrogate(in value), surrogate => Converter.ConvertFromSurrogate(in surrogate))
    where T : class
    where TSurrogate : struct
    where TConverter : IConverter<T, TSurrogate>, new()
{
    private static readonly TConverter Converter = new();
}
