using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>
/// Exceptions. The first level holds what every exception has; levels of classes with <see cref="GenerateSerializerAttribute"/> follow, fields of
/// others are lost. The type is a name in the first fields, so that a reader without the type still gets message, stack trace and inner exceptions.
/// </summary>
internal sealed class ExceptionCodec<T> : ObjectCodec<T>, IExceptionCodec
    where T : Exception
{
    private readonly MemberSet<T> _members = new();
    private readonly bool _isDeclared = CodecTable.IsDeclared(typeof(T));
    private readonly Func<IServiceProvider?, T>? _create = CodecTable.IsDeclared(typeof(T)) && !typeof(T).IsAbstract ? ObjectActivator<T>.Find() : null;

    // Nobody changes an exception on its way within a silo, and a copy would lose its stack trace.
    public override bool IsShallow => true;

    // The actual type is in the content.
    public override TypeSpec Spec => typeof(T) == typeof(Exception) ? base.Spec : CodecCache<Exception>.Codec.Spec;

    protected override bool IsOpen => true;

    protected override void WriteNew(ref Writer writer, uint delta, T value)
    {
        if (value.GetType() != typeof(T))
        {
            CodecTable.Get(value.GetType()).WriteObject(ref writer, delta, value);
            return;
        }

        if (!_isDeclared && !writer.Session.Pool.Exceptions.IsSupported(typeof(T)))
        {
            CodecNotFoundException.ThrowNoCodec(typeof(T));
        }

        writer.Enter(delta, WireType.Object);
        writer.WriteString(0, typeof(T).FullName);
        writer.WriteString(1, typeof(T).Assembly.GetName().Name);
        if (_isDeclared)
        {
            writer.WriteBytes(1, WireType.Bytes, TypeSpec.Of(typeof(T)).Bytes);
        }

        ExceptionFields.Write(ref writer, _isDeclared ? 1u : 2u, value, _isDeclared);
        if (_members.HasMembers)
        {
            writer.WriteTag(0, WireType.Level);
            _members.Write(ref writer, ref value);
        }

        writer.WriteEnd();
    }

    protected override T ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var value = ExceptionFields.Read(ref reader, id, out var codec, out var end);
        if (end == WireType.Level && codec is not null)
        {
            codec.ReadMembers(ref reader, value);
        }
        else if (end == WireType.Level)
        {
            reader.SkipLevels(reader.ReadTag());
        }

        reader.Leave();
        return value as T ?? throw new SerializerException($"A message has a {value.GetType()} where a {typeof(T)} stands. It is damaged, or the type changed incompatibly.");
    }

    protected override T CopyNew(T value, CopyContext context) => value;

    Exception IExceptionCodec.Create(IServiceProvider? services) => _create is null ? (T)RuntimeHelpers.GetUninitializedObject(typeof(T)) : _create(services);

    void IExceptionCodec.ReadMembers(ref Reader reader, Exception value)
    {
        var typed = (T)value;
        _members.Read(ref reader, ref typed);
    }
}

/// <summary>The part of an exception's codec that is called when its type has been read.</summary>
internal interface IExceptionCodec
{
    Exception Create(IServiceProvider? services);

    void ReadMembers(ref Reader reader, Exception value);
}

/// <summary>What every exception has. Ids: 0 type, 1 assembly, 2 type specification, 3 message, 4 stack trace, 5 HResult, 6 inner, 7 data, 8 inner ones of an aggregate.</summary>
internal static class ExceptionFields
{
    /// <param name="delta">From the last id written to that of the message.</param>
    /// <param name="isDeclared">The type's own members travel, so a message that it computes from them is not stored.</param>
    public static void Write(ref Writer writer, uint delta, Exception value, bool isDeclared)
    {
        writer.WriteString(delta, isDeclared || value is AggregateException ? MessageField(value) : value.Message);
        writer.WriteString(1, value.StackTrace);
        writer.WriteInt32(1, value.HResult);
        CodecCache<Exception>.Codec.Write(ref writer, 1, value.InnerException);
        CodecCache<Dictionary<string, object>>.Codec.Write(ref writer, 1, SimpleData(value));
        CodecCache<Exception[]>.Codec.Write(ref writer, 1, value is AggregateException aggregate ? [.. aggregate.InnerExceptions] : null);
    }

    public static Exception Read(ref Reader reader, int id, out IExceptionCodec? codec, out WireType end)
    {
        string? name = null;
        string? assembly = null;
        byte[]? spec = null;
        Exception? value = null;
        codec = null;
        uint field = 0;
        while ((end = reader.ReadTag(ref field)) < WireType.Level)
        {
            switch (field)
            {
                case 0:
                    name = reader.ReadString(end);
                    break;
                case 1:
                    assembly = reader.ReadString(end);
                    break;
                case 2:
                    spec = reader.ReadBytes(end);
                    break;
                default:
                    value ??= Create(reader.Session, id, name, assembly, spec, out codec);
                    ReadField(ref reader, field, end, value);
                    break;
            }
        }

        return value ?? Create(reader.Session, id, name, assembly, spec, out codec);
    }

    private static void ReadField(ref Reader reader, uint field, WireType wire, Exception value)
    {
        switch (field)
        {
            case 3:
                MessageField(value) = reader.ReadString(wire);
                break;
            case 4:
                if (reader.ReadString(wire) is { } stackTrace)
                {
                    ExceptionDispatchInfo.SetRemoteStackTrace(value, stackTrace);
                }

                break;
            case 5:
                value.HResult = reader.ReadInt32(wire);
                break;
            case 6:
                InnerField(value) = CodecCache<Exception>.Codec.Read(ref reader, wire);
                break;
            case 7:
                foreach (var (key, entry) in CodecCache<Dictionary<string, object>>.Codec.Read(ref reader, wire) ?? [])
                {
                    value.Data[key] = entry;
                }

                break;
            case 8:
                var inners = CodecCache<Exception[]>.Codec.Read(ref reader, wire);
                if (value is AggregateException aggregate && inners is not null)
                {
                    InnersField(aggregate) = inners;
                }

                break;
            default:
                reader.Skip(wire);
                break;
        }
    }

    private static Exception Create(ReadSession session, int id, string? name, string? assembly, byte[]? spec, out IExceptionCodec? codec)
    {
        var type = FindType(session, name ?? "", assembly ?? "", spec);
        codec = type is null ? null : CodecTable.Get(type) as IExceptionCodec;
        var value = codec?.Create(session.Pool.Services) ?? new UnavailableExceptionFallbackException { ExceptionType = name };
        if (value is AggregateException aggregate)
        {
            InnersField(aggregate) = [];
        }

        session.SetReference(id, value);
        return value;
    }

    private static Type? FindType(ReadSession session, string name, string assembly, byte[]? spec)
    {
        Type? type;
        try
        {
            type = spec is null ? session.Pool.Exceptions.Find(name, assembly) : session.Manifest.Resolve(spec);
        }
        catch (UnknownTypeException)
        {
            return null;
        }

        return type is { IsAbstract: false, ContainsGenericParameters: false } && typeof(Exception).IsAssignableFrom(type) ? type : null;
    }

    // Entries of other types could make an exception unwritable that is otherwise fine.
    private static Dictionary<string, object>? SimpleData(Exception value)
    {
        Dictionary<string, object>? data = null;
        if (value.Data.Count > 0)
        {
            foreach (DictionaryEntry entry in value.Data)
            {
                if (entry is { Key: string key, Value: { } content } && (content is string || content.GetType().IsPrimitive))
                {
                    (data ??= [])[key] = content;
                }
            }
        }

        return data;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? MessageField(Exception value);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? InnerField(Exception value);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerExceptions")]
    private static extern ref Exception[] InnersField(AggregateException value);
}
