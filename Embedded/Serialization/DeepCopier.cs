using Orleans.Serialization.Session;

namespace Orleans.Serialization;

/// <summary>Copies values with all that they refer to; what is immutable is shared. Thread-safe.</summary>
public sealed class DeepCopier
{
    private readonly SerializerSessionPool _pool;

    internal DeepCopier(SerializerSessionPool pool) => _pool = pool;

    /// <summary>Copies a value. Identity of objects within it and cycles are kept.</summary>
    /// <exception cref="CodecNotFoundException">The value holds one of a type that messages may not carry.</exception>
    public T Copy<T>(T value) => _pool.Copy(value)!;

    /// <summary>The copier of one type.</summary>
    public DeepCopier<T> GetCopier<T>() => new Registered<T>(_pool);

    /// <summary>What a container creates for <see cref="DeepCopier{T}"/>.</summary>
    internal sealed class Registered<T>(SerializerSessionPool pool) : DeepCopier<T>(pool);
}

/// <summary>Copies values of one type with all that they refer to. Thread-safe.</summary>
public class DeepCopier<T>
{
    private readonly SerializerSessionPool _pool;

    internal DeepCopier(SerializerSessionPool pool) => _pool = pool;

    /// <inheritdoc cref="DeepCopier.Copy{T}(T)"/>
    public T Copy(T value) => _pool.Copy(value)!;
}
