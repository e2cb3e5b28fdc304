using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization.Activators;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>The members of a type: finds them, and emits each method, at its first use.</summary>
internal sealed class MemberSet<T>
{
    private Member[][]? _levels;
    private MemberReader<T>?[] _readers = [];
    private MemberWriter<T>? _writer;
    private MemberCopier<T>? _copier;

    public bool HasMembers => Levels().Length > 0;

    public void Write(ref Writer writer, ref T value) =>
        (_writer ??= (MemberWriter<T>)MemberEmitter.EmitWriter(typeof(T), Levels()))(ref writer, ref value);

    /// <summary>Reads all levels up to the end of the group.</summary>
    public void Read(ref Reader reader, ref T value)
    {
        var levels = Levels();
        var end = WireType.Level;
        for (var level = 0; level < levels.Length && end == WireType.Level; level++)
        {
            end = (_readers[level] ??= (MemberReader<T>)MemberEmitter.EmitReader(typeof(T), levels[level]))(ref reader, ref value);
        }

        if (end != WireType.End)
        {
            reader.SkipLevels(reader.ReadTag());
        }
    }

    public void Copy(ref T source, ref T target, CopyContext context) =>
        (_copier ??= (MemberCopier<T>)MemberEmitter.EmitCopier(typeof(T), Levels()))(ref source, ref target, context);

    /// <summary>Whether each member may be shared between a value and its copy.</summary>
    public bool IsShallow() => MemberModel.IsShallow(Levels());

    private Member[][] Levels()
    {
        var levels = Volatile.Read(ref _levels);
        if (levels is null)
        {
            levels = MemberModel.Of(typeof(T));
            _readers = new MemberReader<T>?[levels.Length];
            Volatile.Write(ref _levels, levels);
        }

        return levels;
    }
}

/// <summary>Classes with <see cref="GenerateSerializerAttribute"/>, and tuples.</summary>
internal sealed class MemberObjectCodec<T> : ObjectCodec<T>
    where T : class
{
    private readonly MemberSet<T> _members = new();
    private readonly bool _isImmutable = typeof(T).IsDefined(typeof(ImmutableAttribute), inherit: false);
    private Func<IServiceProvider?, T>? _create;

    public override bool IsTracked { get; } = !typeof(T).IsDefined(typeof(SuppressReferenceTrackingAttribute), inherit: false);

    // Where a class is not sealed, a value may be of a derived one, which is asked itself.
    public override bool IsShallow => _isImmutable && typeof(T).IsSealed;

    protected override void WriteNew(ref Writer writer, uint delta, T value)
    {
        writer.Enter(delta, IsTracked ? WireType.Object : WireType.Group);
        _members.Write(ref writer, ref value);
        writer.WriteEnd();
    }

    protected override T ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var value = Create(reader.Session.Pool.Services);
        reader.Session.SetReference(id, value);
        _members.Read(ref reader, ref value);
        reader.Leave();
        return value;
    }

    protected override T CopyNew(T value, CopyContext context)
    {
        if (_isImmutable)
        {
            return value;
        }

        var copy = Create(context.Services);
        context.Add(value, copy);
        _members.Copy(ref value, ref copy, context);
        return copy;
    }

    private T Create(IServiceProvider? services) => (_create ??= ObjectActivator<T>.Find())(services);
}

/// <summary>Structs with <see cref="GenerateSerializerAttribute"/>, and value tuples.</summary>
internal sealed class MemberStructCodec<T> : Codec<T>
    where T : struct
{
    private readonly MemberSet<T> _members = new();
    private int _isShallow = typeof(T).IsDefined(typeof(ImmutableAttribute), inherit: false) ? 1 : -1;

    public override bool IsShallow
    {
        get
        {
            if (_isShallow < 0)
            {
                // A struct that holds itself by way of a collection finds the answer no while it looks.
                _isShallow = 0;
                _isShallow = _members.IsShallow() ? 1 : 0;
            }

            return _isShallow != 0;
        }
    }

    public override void Write(ref Writer writer, uint delta, T value)
    {
        writer.Enter(delta, WireType.Group);
        _members.Write(ref writer, ref value);
        writer.WriteEnd();
    }

    public override T Read(ref Reader reader, WireType wire)
    {
        if (wire != WireType.Group)
        {
            SerializerLimits.ThrowWireType(wire, typeof(T));
        }

        var value = default(T);
        reader.Enter();
        _members.Read(ref reader, ref value);
        reader.Leave();
        return value;
    }

    public override T Copy(T value, CopyContext context)
    {
        if (IsShallow)
        {
            return value;
        }

        var copy = default(T);
        _members.Copy(ref value, ref copy, context);
        return copy;
    }
}

/// <summary>How objects are created that are filled afterwards.</summary>
internal static class ObjectActivator<T>
    where T : class
{
    public static Func<IServiceProvider?, T> Find()
    {
        if (typeof(T).IsDefined(typeof(UseActivatorAttribute), inherit: false))
        {
            var activator = KnownAssemblies.FindRegistered(typeof(RegisterActivatorAttribute), typeof(IActivator<>), typeof(T))
                ?? throw new CodecNotFoundException($"Could not find a codec for type {typeof(T)}: it has [UseActivator], and no class with [RegisterActivator] creates it.");
            return services => ((IActivator<T>)ActivatorUtilities.GetServiceOrCreateInstance(NotNull(services), activator)).Create();
        }

        const BindingFlags any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        if (typeof(T).GetConstructors(any).Any(constructor => constructor.IsDefined(typeof(GeneratedActivatorConstructorAttribute))))
        {
            return services => ActivatorUtilities.CreateInstance<T>(NotNull(services));
        }

        return typeof(T).GetConstructor(Type.EmptyTypes) is null
            ? _ => (T)RuntimeHelpers.GetUninitializedObject(typeof(T))
            : _ => Activator.CreateInstance<T>();
    }

    private static IServiceProvider NotNull(IServiceProvider? services) =>
        services ?? throw new SerializerException($"{typeof(T)} is created from services, and there are none. Use a serializer of a service container.");
}
