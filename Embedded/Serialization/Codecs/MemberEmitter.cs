using System.Reflection;
using System.Reflection.Emit;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

internal delegate void MemberWriter<T>(ref Writer writer, ref T value);

/// <summary>Reads the fields of one level into a value. Returns what ended it: <see cref="WireType.Level"/> or <see cref="WireType.End"/>.</summary>
internal delegate WireType MemberReader<T>(ref Reader reader, ref T value);

internal delegate void MemberCopier<T>(ref T source, ref T target, CopyContext context);

/// <summary>Makes methods that write, read and copy the members of a type, private and readonly ones included.</summary>
/// <remarks>The methods are emitted at first use; they call the reader and writer directly for primitive members and <see cref="CodecCache{T}"/> for others.</remarks>
internal static class MemberEmitter
{
    private const int MaxSwitchLabels = 64;

    private static readonly MethodInfo WriteTagMethod = typeof(Writer).GetMethod(nameof(Writer.WriteTag))!;
    private static readonly MethodInfo ReadTagMethod = typeof(Reader).GetMethod(nameof(Reader.ReadTag), [typeof(uint).MakeByRefType()])!;
    private static readonly MethodInfo SkipMethod = typeof(Reader).GetMethod(nameof(Reader.Skip), [typeof(WireType)])!;

    public static Delegate EmitWriter(Type owner, Member[][] levels)
    {
        var method = NewMethod(owner, "Write", typeof(void), typeof(Writer).MakeByRefType(), owner.MakeByRefType());
        var il = method.GetILGenerator();
        for (var level = 0; level < levels.Length; level++)
        {
            if (level > 0)
            {
                il.Emit(OpCodes.Ldarg_0);
                il.Emit(OpCodes.Ldc_I4_0);
                il.Emit(OpCodes.Ldc_I4, (int)WireType.Level);
                il.Emit(OpCodes.Call, WriteTagMethod);
            }

            uint previous = 0;
            foreach (var member in levels[level])
            {
                EmitWrite(il, owner, member, member.Id - previous);
                previous = member.Id;
            }
        }

        il.Emit(OpCodes.Ret);
        return method.CreateDelegate(typeof(MemberWriter<>).MakeGenericType(owner));
    }

    public static Delegate EmitReader(Type owner, Member[] members)
    {
        var method = NewMethod(owner, "Read", typeof(WireType), typeof(Reader).MakeByRefType(), owner.MakeByRefType());
        var il = method.GetILGenerator();
        var id = il.DeclareLocal(typeof(uint));
        var wire = il.DeclareLocal(typeof(WireType));
        var next = il.DefineLabel();
        var end = il.DefineLabel();
        var labels = new Label[members.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = il.DefineLabel();
        }

        il.MarkLabel(next);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloca, id);
        il.Emit(OpCodes.Call, ReadTagMethod);
        il.Emit(OpCodes.Stloc, wire);
        il.Emit(OpCodes.Ldloc, wire);
        il.Emit(OpCodes.Ldc_I4, (int)WireType.Level);
        il.Emit(OpCodes.Bge_Un, end);

        EmitDispatch(il, id, members, labels);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloc, wire);
        il.Emit(OpCodes.Call, SkipMethod);
        il.Emit(OpCodes.Br, next);

        for (var i = 0; i < members.Length; i++)
        {
            il.MarkLabel(labels[i]);
            EmitRead(il, owner, members[i], wire);
            il.Emit(OpCodes.Br, next);
        }

        il.MarkLabel(end);
        il.Emit(OpCodes.Ldloc, wire);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate(typeof(MemberReader<>).MakeGenericType(owner));
    }

    public static Delegate EmitCopier(Type owner, Member[][] levels)
    {
        var method = NewMethod(owner, "Copy", typeof(void), owner.MakeByRefType(), owner.MakeByRefType(), typeof(CopyContext));
        var il = method.GetILGenerator();
        foreach (var level in levels)
        {
            foreach (var member in level)
            {
                EmitCopy(il, owner, member);
            }
        }

        il.Emit(OpCodes.Ret);
        return method.CreateDelegate(typeof(MemberCopier<>).MakeGenericType(owner));
    }

    private static DynamicMethod NewMethod(Type owner, string name, Type result, params Type[] parameters) =>
        new($"{name}:{owner}", result, parameters, owner.Module, skipVisibility: true);

    private static void EmitCopy(ILGenerator il, Type owner, Member member)
    {
        var isShared = member.IsImmutable || IsDirect(member.Type);
        EmitOwner(il, owner, OpCodes.Ldarg_1);
        if (!isShared)
        {
            il.Emit(OpCodes.Call, CodecGetter(member.Type, nameof(CodecCache<int>.Copier)));
        }

        EmitLoad(il, owner, OpCodes.Ldarg_0, member);
        if (!isShared)
        {
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Callvirt, typeof(Codec<>).MakeGenericType(member.Type).GetMethod(nameof(Codec<int>.Copy))!);
        }

        EmitStore(il, member);
    }

    private static void EmitWrite(ILGenerator il, Type owner, Member member, uint delta)
    {
        var direct = IsDirect(member.Type);
        if (!direct)
        {
            il.Emit(OpCodes.Call, CodecGetter(member.Type, nameof(CodecCache<int>.Codec)));
        }

        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, (int)delta);
        EmitLoad(il, owner, OpCodes.Ldarg_1, member);
        if (direct)
        {
            il.Emit(OpCodes.Call, typeof(Writer).GetMethod("Write" + DirectName(member.Type))!);
        }
        else
        {
            il.Emit(OpCodes.Callvirt, typeof(Codec<>).MakeGenericType(member.Type).GetMethod(nameof(Codec<int>.Write))!);
        }
    }

    private static void EmitRead(ILGenerator il, Type owner, Member member, LocalBuilder wire)
    {
        EmitOwner(il, owner, OpCodes.Ldarg_1);
        var direct = IsDirect(member.Type);
        if (!direct)
        {
            il.Emit(OpCodes.Call, CodecGetter(member.Type, nameof(CodecCache<int>.Codec)));
        }

        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloc, wire);
        if (direct)
        {
            il.Emit(OpCodes.Call, typeof(Reader).GetMethod("Read" + DirectName(member.Type), [typeof(WireType)])!);
        }
        else
        {
            il.Emit(OpCodes.Callvirt, typeof(Codec<>).MakeGenericType(member.Type).GetMethod(nameof(Codec<int>.Read))!);
        }

        EmitStore(il, member);
    }

    private static void EmitDispatch(ILGenerator il, LocalBuilder id, Member[] members, Label[] labels)
    {
        if (members.Length > 2 && members[^1].Id < MaxSwitchLabels)
        {
            var other = il.DefineLabel();
            var table = new Label[members[^1].Id + 1];
            Array.Fill(table, other);
            for (var i = 0; i < members.Length; i++)
            {
                table[members[i].Id] = labels[i];
            }

            il.Emit(OpCodes.Ldloc, id);
            il.Emit(OpCodes.Switch, table);
            il.MarkLabel(other);
            return;
        }

        for (var i = 0; i < members.Length; i++)
        {
            il.Emit(OpCodes.Ldloc, id);
            il.Emit(OpCodes.Ldc_I4, (int)members[i].Id);
            il.Emit(OpCodes.Beq, labels[i]);
        }
    }

    // The argument is a reference to the variable that holds the value; members of a class are reached through the object in it.
    private static void EmitOwner(ILGenerator il, Type owner, OpCode argument)
    {
        il.Emit(argument);
        if (!owner.IsValueType)
        {
            il.Emit(OpCodes.Ldind_Ref);
        }
    }

    private static void EmitLoad(ILGenerator il, Type owner, OpCode argument, Member member)
    {
        EmitOwner(il, owner, argument);
        if (member.Field is not null)
        {
            il.Emit(OpCodes.Ldfld, member.Field);
        }
        else
        {
            il.Emit(OpCodes.Call, member.Property!.GetMethod!);
        }
    }

    private static void EmitStore(ILGenerator il, Member member)
    {
        if (member.Field is not null)
        {
            il.Emit(OpCodes.Stfld, member.Field);
        }
        else
        {
            il.Emit(OpCodes.Call, member.Property!.SetMethod!);
        }
    }

    private static MethodInfo CodecGetter(Type type, string property) => typeof(CodecCache<>).MakeGenericType(type).GetProperty(property)!.GetMethod!;

    private static bool IsDirect(Type type) => type.IsPrimitive ? type != typeof(nint) && type != typeof(nuint) : type.IsEnum || type == typeof(string) || type == typeof(Guid);

    private static string DirectName(Type type) => (type.IsEnum ? Enum.GetUnderlyingType(type) : type).Name;
}
